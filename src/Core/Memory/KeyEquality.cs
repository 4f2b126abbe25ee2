using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace FastStream;

/// <summary>What makes two keys of a type equal, as far as the type shows it.</summary>
internal static class KeyEquality
{
    private const BindingFlags Instance = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>Whether keys of a struct are equal where all their fields are.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "A method that was trimmed away is nobody's equality; where there is no metadata of fields, structs are not looked into.")]
    public static bool IsByFields(Type type)
    {
        if (!type.IsValueType || type.IsPrimitive || type.IsExplicitLayout || type.IsDefined(typeof(InlineArrayAttribute), inherit: false) || FieldsOf(type).Length == 0)
        {
            return false;
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() is var generic
            && (generic == typeof(Nullable<>) || generic == typeof(Optional<>) || generic == typeof(KeyValuePair<,>) || (type.Assembly == typeof(object).Assembly && typeof(ITuple).IsAssignableFrom(type))))
        {
            return true;
        }

        // Of the framework's own structs none is taken for plain that is not known to be so.
        if (type.Assembly == typeof(object).Assembly)
        {
            return false;
        }

        MethodInfo? own = type.GetMethod(nameof(Equals), Instance, [type]);
        MethodInfo? general = type.GetMethod(nameof(Equals), Instance, [typeof(object)]);
        bool isOwnOtherwise = type.GetInterfaces().Any(each => each.IsGenericType && each.GetGenericTypeDefinition() == typeof(IEquatable<>) && each.GenericTypeArguments[0] == type);
        if (type.GetMethods(Instance).Any(method => method.Name.StartsWith("System.IEquatable<", StringComparison.Ordinal)))
        {
            return false;   // what tables call is not the compiler's Equals beside it
        }

        return own is null && general is null ? !isOwnOtherwise : IsCompilers(own) && IsCompilers(general);
    }

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "Where there is no metadata of fields, structs are not looked into.")]
    public static FieldInfo[] FieldsOf(Type type) => type.GetFields(Instance);

    /// <summary>A type inside a key of which no two objects are ever equal by what they hold: an array, or what is not meant for a key at all; null for most.</summary>
    public static Type? NeverEqual(Type key) => Find(key, static type => type.IsArray || typeof(Delegate).IsAssignableFrom(type) || IsPartOfArray(type));

    /// <summary>A class inside a key that has no equality of its own, so that only the same object is equal; null for most.</summary>
    public static Type? ByReference(Type key) => Find(key, static type =>
        type is { IsClass: true, IsArray: false } && type != typeof(string) && type != typeof(object) && !type.IsAbstract && !typeof(Delegate).IsAssignableFrom(type) && !HasEquality(type));

    // Equal where they are the same part of the same array, whatever is in it.
    private static bool IsPartOfArray(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() is var generic
        && (generic == typeof(Memory<>) || generic == typeof(ReadOnlyMemory<>) || generic == typeof(ArraySegment<>) || generic == typeof(ImmutableArray<>));

    // A record class whose Equals the compiler wrote: equal where its fields are.
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "A method that was trimmed away is nobody's equality.")]
    private static bool IsRecordClass(Type type) =>
        type.IsClass && type.GetMethod("<Clone>$", Instance) is not null && type.GetMethod(nameof(Equals), Instance, [type]) is { } own && IsCompilers(own);

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "Equals and GetHashCode are called and so not trimmed away.")]
    private static bool HasEquality(Type type) =>
        type.GetMethod(nameof(Equals), BindingFlags.Instance | BindingFlags.Public, [typeof(object)])?.DeclaringType is { } declaring && declaring != typeof(object);

    // The key itself, and what lies in it: fields of structs and records, arguments of tuples.
    private static Type? Find(Type type, Func<Type, bool> isMeant, HashSet<Type>? seen = null)
    {
        seen ??= [];
        if (isMeant(type))
        {
            return type;
        }

        if (type.IsGenericType && typeof(ITuple).IsAssignableFrom(type))
        {
            return type.GetGenericArguments().Select(argument => Find(argument, isMeant, seen)).FirstOrDefault(found => found is not null);
        }

        return RuntimeFeature.IsDynamicCodeSupported && (IsByFields(type) || IsRecordClass(type)) && seen.Add(type)
            ? FieldsOf(type).Select(field => Find(field.FieldType, isMeant, seen)).FirstOrDefault(found => found is not null)
            : null;
    }

    private static bool IsCompilers(MethodInfo? method) => method is null || method.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false);
}
