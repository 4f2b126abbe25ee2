using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace FastStream;

/// <summary>
/// Whether arithmetic on values of a type may round. If so, a value that an inverse takes out of a window may leave its
/// error in the sum for as long as the key lives; the window is then reduced again from its batches instead.
/// </summary>
/// <remarks>
/// A type rounds if it is, or has in a field, an array or a generic argument, a <see cref="double"/>,
/// <see cref="float"/>, <see cref="Half"/> or <see cref="decimal"/>. A type that does not show what it holds (an
/// interface, an abstract class, an object; a struct or class in code compiled ahead of time) counts as rounding:
/// reducing again is right for every type. docs/decisions/0025-inverse-of-rounding-values.md
/// </remarks>
internal static class RoundingValues<T>
{
    /// <summary>Whether values may round.</summary>
    public static bool Any { get; } = RoundingFields.MayRound(typeof(T), []);
}

internal static class RoundingFields
{
    public static bool MayRound(Type type, HashSet<Type> seen)
    {
        if (IsExact(type) || !seen.Add(type))
        {
            return false;
        }

        if (type.IsArray)
        {
            return MayRound(type.GetElementType()!, seen);
        }

        // Vectors keep doubles in integer fields: only their generic argument tells.
        return IsRounding(type)
            || Array.Exists(type.GetGenericArguments(), argument => MayRound(argument, seen))
            || !RuntimeFeature.IsDynamicCodeSupported
            || HasRoundingField(type, seen);
    }

    private static bool IsExact(Type type) =>
        type.IsEnum || type.IsPointer || type == typeof(string) || type == typeof(Utf8Text)
        || (type.IsPrimitive && type != typeof(double) && type != typeof(float))
        || type == typeof(Int128) || type == typeof(UInt128) || type == typeof(System.Numerics.BigInteger)
        || type == typeof(TimeSpan) || type == typeof(DateTime) || type == typeof(DateTimeOffset)
        || type == typeof(DateOnly) || type == typeof(TimeOnly) || type == typeof(Guid);

    private static bool IsRounding(Type type) =>
        type == typeof(double) || type == typeof(float) || type == typeof(Half) || type == typeof(decimal)
        || type.IsInterface || type.IsAbstract || type == typeof(object);

    private static bool HasRoundingField(Type type, HashSet<Type> seen)
    {
        const BindingFlags All = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        for (Type? level = type; level is not null && level != typeof(object) && level != typeof(ValueType); level = level.BaseType)
        {
            foreach (FieldInfo field in Fields(level, All))
            {
                if (MayRound(field.FieldType, seen))
                {
                    return true;
                }
            }
        }

        return false;
    }

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "Where there is no metadata of fields, "
        + "every struct and class counts as rounding.")]
    private static FieldInfo[] Fields(Type type, BindingFlags flags) => type.GetFields(flags);
}
