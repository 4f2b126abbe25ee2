using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;

namespace FastStream.Runtime;

/// <summary>
/// An object of FastStream that holds no batch, or holds one as long as it is read: it need not be examined.
/// </summary>
internal interface IOutlivesBatches;

/// <summary>
/// What the types of fields show about texts of a batch to which they lead, and which types need not be examined.
/// </summary>
internal static class ObjectParts
{
    private const BindingFlags Instance = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    // These types and those derived from them hold nothing of a batch; some of them lead to the whole program.
    private static readonly Type[] Leaves =
    [
        typeof(DStream), typeof(StreamingContext), typeof(IOutlivesBatches),
        typeof(MemberInfo), typeof(Assembly), typeof(Module),
        typeof(Regex), typeof(CultureInfo), typeof(CompareInfo), typeof(Encoding), typeof(Stream), typeof(Uri),
        typeof(CancellationTokenSource), typeof(Thread), typeof(TaskScheduler), typeof(SynchronizationContext), typeof(ExecutionContext),
        typeof(WaitHandle), typeof(Timer),
    ];

    /// <summary>Whether objects of the type, and of types derived from it, need not be examined.</summary>
    public static bool IsLeaf(Type type) =>
        type.IsPrimitive || type.IsEnum || type.IsPointer || type.IsFunctionPointer || type.IsByRefLike
        || type == typeof(string) || type == typeof(decimal)
        || (!type.IsValueType && Leaves.Any(leaf => leaf.IsAssignableFrom(type)));

    /// <summary>Whether the type itself is memory of a batch: a text, a group or the batch.</summary>
    public static bool EndsWithBatch(Type type) => type == typeof(Utf8Text) || IsOf(type, typeof(Group<>)) || IsOf(type, typeof(Batch<>));

    /// <summary>
    /// Whether everything to which a field of the type leads is certainly free of texts, whatever its value.
    /// </summary>
    public static bool IsSurelyFree(Type declared)
    {
        var seen = new HashSet<Type>();
        return IsFree(declared);

        bool IsFree(Type type)
        {
            if (IsLeaf(type) || !seen.Add(type))
            {
                return true;
            }

            if (EndsWithBatch(type) || typeof(Delegate).IsAssignableFrom(type))
            {
                return false;
            }

            if (type.IsArray)
            {
                return IsFree(type.GetElementType()!);
            }

            // Only a type that nothing derives from has no further fields.
            return (type.IsValueType || type.IsSealed) && TypesIn(type).All(IsFree);
        }
    }

    /// <summary>
    /// Whether the fields of a type may have been trimmed away, so that the content of its objects is unknown.
    /// </summary>
    public static bool IsUnseen(Type type) => !RuntimeFeature.IsDynamicCodeSupported
        && !IsLeaf(type) && !type.IsArray && !EndsWithBatch(type) && type != typeof(object) && type != typeof(BatchTime)
        && !(type.IsValueType && type.Assembly == typeof(object).Assembly && IsSurelyFree(type));

    /// <summary>
    /// The type itself if it is a text or a group, or else the first such struct inside it, at any depth; null if there
    /// is none.
    /// </summary>
    public static Type? TextIn(Type type)
    {
        if (!type.IsValueType || IsLeaf(type))
        {
            return null;
        }

        return EndsWithBatch(type)
            ? type
            : Fields(type).Where(field => field.FieldType != type).Select(field => TextIn(field.FieldType))
                .FirstOrDefault(held => held is not null);
    }

    /// <summary>The fields of a type and of its base types, up to one that need not be examined.</summary>
    /// <remarks>
    /// The result of a task is a field of its own type; its other fields, above all its continuations, lead to the
    /// whole program.
    /// </remarks>
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "A field that was trimmed away is not seen; "
        + "IsUnseen says where that may be.")]
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "As above.")]
    public static IEnumerable<FieldInfo> Fields(Type type)
    {
        Type? declaring = type;
        for (; declaring is not null && declaring != typeof(Task) && !IsLeaf(declaring); declaring = declaring.BaseType)
        {
            foreach (FieldInfo field in declaring.GetFields(Instance).Where(HasType))
            {
                yield return field;
            }
        }
    }

    // A class may have a field of a type whose assembly is missing, as long as nothing uses it: it is null.
    private static bool HasType(FieldInfo field)
    {
        try
        {
            return field.FieldType is not null;
        }
        catch (Exception error) when (error is IOException or TypeLoadException or BadImageFormatException)
        {
            return false;
        }
    }

    // Compiled ahead of time, the type arguments of a tuple are known, but not its fields.
    private static IEnumerable<Type> TypesIn(Type type)
    {
        IEnumerable<Type> arguments = IsMemory(type) || !RuntimeFeature.IsDynamicCodeSupported ? type.GetGenericArguments() : [];
        return IsMemory(type) ? arguments : arguments.Concat(Fields(type).Select(field => field.FieldType));
    }

    /// <summary>Whether it is a memory type of the framework, whose fields may lead to anything.</summary>
    public static bool IsMemory(Type type) => IsOf(type, typeof(Memory<>)) || IsOf(type, typeof(ReadOnlyMemory<>));

    public static bool IsOf(Type type, Type definition) => type.IsGenericType && type.GetGenericTypeDefinition() == definition;
}
