using System.Buffers;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>Determines how keys of a type are compared, as far as the type shows it.</summary>
internal static class KeyEquality
{
    private const BindingFlags Instance = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    // These are equal only if they refer to the same array.
    private static readonly Type[] PartsOfArrays =
        [typeof(Memory<>), typeof(ReadOnlyMemory<>), typeof(ArraySegment<>), typeof(ImmutableArray<>), typeof(ReadOnlySequence<>)];

    private static readonly Type[] Wrappers = [typeof(Nullable<>), typeof(Optional<>), typeof(KeyValuePair<,>)];

    /// <summary>Whether keys of a struct type are equal if and only if all their fields are.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "A method that was trimmed away is nobody's "
        + "equality; where there is no metadata of fields, structs are not looked into.")]
    public static bool IsByFields(Type type)
    {
        if (!type.IsValueType || type.IsPrimitive || type.IsExplicitLayout
            || type.IsDefined(typeof(InlineArrayAttribute), inherit: false) || FieldsOf(type).Length == 0)
        {
            return false;
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() is var generic
            && (generic == typeof(Nullable<>) || generic == typeof(Optional<>) || generic == typeof(KeyValuePair<,>)
                || (type.Assembly == typeof(object).Assembly && typeof(ITuple).IsAssignableFrom(type))))
        {
            return true;
        }

        // A struct of the framework counts as plain only if it is known to be.
        if (type.Assembly == typeof(object).Assembly)
        {
            return false;
        }

        MethodInfo? own = type.GetMethod(nameof(Equals), Instance, [type]);
        MethodInfo? general = type.GetMethod(nameof(Equals), Instance, [typeof(object)]);
        return IsCompilers(own) && IsCompilers(general) && IsCompilers(OfInterface(type));
    }

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "Where there is no metadata of fields, "
        + "structs are not looked into.")]
    public static FieldInfo[] FieldsOf(Type type) => type.GetFields(Instance);

    /// <summary>
    /// A type inside a key whose objects are never equal by content: an array, a reference into one, or a type that is
    /// unsuitable as a key; null for most keys.
    /// </summary>
    public static Type? NeverEqual(Type key) => Find(key, static type =>
        typeof(Array).IsAssignableFrom(type) || typeof(Delegate).IsAssignableFrom(type)
        || (type.IsGenericType && PartsOfArrays.Contains(type.GetGenericTypeDefinition())));

    /// <summary>
    /// A class inside a key that has no equality of its own, so that an object equals only itself; null for most keys.
    /// </summary>
    public static Type? ByReference(Type key) => Find(key, static type =>
        type is { IsClass: true, IsArray: false } && type != typeof(string) && !IsOpen(type)
            && !typeof(Delegate).IsAssignableFrom(type) && !HasEquality(type));

    /// <summary>
    /// Whether a type does not show the types of its objects, which may or may not be compared by reference.
    /// </summary>
    public static bool IsOpen(Type type) =>
        type.IsInterface || type == typeof(object) || (type is { IsClass: true, IsAbstract: true } && !HasEquality(type));

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "Equals and GetHashCode are called and so not trimmed away.")]
    private static bool HasEquality(Type type) =>
        type.GetMethod(nameof(Equals), BindingFlags.Instance | BindingFlags.Public, [typeof(object)])?.DeclaringType is { } declaring
        && declaring != typeof(object) && declaring != typeof(ValueType);

    // Searches the key itself, and everything compared with it: parts of tuples, fields of structs and records.
    private static Type? Find(Type key, Func<Type, bool> isMeant)
    {
        var seen = new HashSet<Type>();
        return In(key);

        Type? In(Type type) =>
            !seen.Add(type) ? null : isMeant(type) ? type : PartsOf(type).Select(In).FirstOrDefault(found => found is not null);
    }

    private static IEnumerable<Type> PartsOf(Type type)
    {
        if (type.IsGenericType && (typeof(ITuple).IsAssignableFrom(type) || Wrappers.Contains(type.GetGenericTypeDefinition())))
        {
            return type.GetGenericArguments();
        }

        if (!RuntimeFeature.IsDynamicCodeSupported)
        {
            return [];
        }

        return type.IsValueType
            ? IsByFields(type) ? FieldsOf(type).Select(field => field.FieldType) : []
            : FieldsOfRecord(type).Select(field => field.FieldType);
    }

    // The fields that the compiler's Equals of a record class or anonymous type compares: the type's own, and those of
    // a base class that is such a record too.
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "A method that was trimmed away is nobody's "
        + "equality; where there is no metadata of fields, nothing is looked into.")]
    private static IEnumerable<FieldInfo> FieldsOfRecord(Type type)
    {
        if (!IsCompilers(OfInterface(type)))
        {
            yield break;
        }

        for (Type? level = type; level is { IsClass: true } && HasCompilersEquality(level); level = level.BaseType)
        {
            foreach (FieldInfo field in FieldsOf(level))
            {
                yield return field;
            }
        }
    }

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "A method that was trimmed away is nobody's equality.")]
    private static bool HasCompilersEquality(Type type) =>
        type.GetMethod(nameof(Equals), Instance, [type])?.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false) == true
        || (type.Name.StartsWith("<>f__AnonymousType", StringComparison.Ordinal)
            && type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false));

    // The Equals that collections call, if a type has one: it may differ from the one called by name.
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "Asked only where the program's methods are all there.")]
    private static MethodInfo? OfInterface(Type type)
    {
        Type? equatable = type.GetInterfaces().FirstOrDefault(each =>
            each.IsGenericType && each.GetGenericTypeDefinition() == typeof(IEquatable<>) && each.GenericTypeArguments[0] == type);
        return equatable is null || type.IsInterface ? null : type.GetInterfaceMap(equatable).TargetMethods[0];
    }

    private static bool IsCompilers(MethodInfo? method) =>
        method is null || method.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false);
}
