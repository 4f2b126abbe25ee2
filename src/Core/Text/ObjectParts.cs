using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;

namespace FastStream.Runtime;

/// <summary>An object of ours that holds no batch, or holds one for as long as it is read: nobody needs to look into it.</summary>
internal interface IOutlivesBatches;

/// <summary>What the types of fields say about texts of a batch behind them, and where nobody needs to look.</summary>
internal static class ObjectParts
{
    private const BindingFlags Instance = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    // Nothing of a batch is in these and in what derives from them; behind some of them is the whole program.
    private static readonly Type[] Leaves =
    [
        typeof(DStream), typeof(StreamingContext), typeof(IOutlivesBatches),
        typeof(MemberInfo), typeof(Assembly), typeof(Module),
        typeof(Regex), typeof(CultureInfo), typeof(CompareInfo), typeof(Encoding), typeof(Stream), typeof(Uri),
        typeof(CancellationTokenSource), typeof(Thread), typeof(TaskScheduler), typeof(SynchronizationContext), typeof(ExecutionContext),
        typeof(WaitHandle), typeof(Timer),
    ];

    /// <summary>Whether objects of the type, and of types that derive from it, need not be looked into.</summary>
    public static bool IsLeaf(Type type) =>
        type.IsPrimitive || type.IsEnum || type.IsPointer || type.IsFunctionPointer || type.IsByRefLike
        || type == typeof(string) || type == typeof(decimal)
        || (!type.IsValueType && Leaves.Any(leaf => leaf.IsAssignableFrom(type)));

    /// <summary>Whether the type itself is memory of a batch: a text, a group or the batch.</summary>
    public static bool EndsWithBatch(Type type) => type == typeof(Utf8Text) || IsOf(type, typeof(Group<>)) || IsOf(type, typeof(Batch<>));

    /// <summary>Whether what a field of the type leads to is surely free of texts, whatever is in it.</summary>
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

            // Only of a type that nothing derives from the fields are all that there is.
            return (type.IsValueType || type.IsSealed) && TypesIn(type).All(IsFree);
        }
    }

    /// <summary>Whether the fields of a type may have been trimmed away, so that nobody can tell what its objects hold.</summary>
    public static bool IsUnseen(Type type) => !RuntimeFeature.IsDynamicCodeSupported
        && !IsLeaf(type) && !type.IsArray && !EndsWithBatch(type) && type != typeof(object) && type != typeof(BatchTime)
        && !(type.IsValueType && type.Assembly == typeof(object).Assembly && IsSurelyFree(type));

    /// <summary>A struct that is a text or a group, or the first of such in it or in the structs in it; null where there is none.</summary>
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

    /// <summary>The fields of a type and of those that it derives from, up to one that need not be looked into.</summary>
    /// <remarks>
    /// A task's result is a field of its own type; what else a task has, its continuations above all, leads to the whole program.
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

    // A class may have a field of a type whose assembly is not there, as long as nobody uses it: it is null.
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

    // Compiled ahead of time, the type arguments of a tuple are known, its fields are not.
    private static IEnumerable<Type> TypesIn(Type type)
    {
        IEnumerable<Type> arguments = IsMemory(type) || !RuntimeFeature.IsDynamicCodeSupported ? type.GetGenericArguments() : [];
        return IsMemory(type) ? arguments : arguments.Concat(Fields(type).Select(field => field.FieldType));
    }

    /// <summary>Whether it is memory of the framework's, behind whose fields anything may be.</summary>
    public static bool IsMemory(Type type) => IsOf(type, typeof(Memory<>)) || IsOf(type, typeof(ReadOnlyMemory<>));

    public static bool IsOf(Type type, Type definition) => type.IsGenericType && type.GetGenericTypeDefinition() == definition;
}
