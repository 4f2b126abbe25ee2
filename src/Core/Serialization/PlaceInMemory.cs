using System.Runtime.InteropServices;

namespace FastStream.Serialization;

/// <summary>Finds types that refer to the memory of this process: their values mean nothing in another process.</summary>
/// <remarks>
/// A number of pointer size is taken for a pointer: system handles are stored as <c>nint</c>, the two cannot be
/// distinguished, and its size may differ in another process. A count can be a <c>long</c>.
/// </remarks>
internal static class PlaceInMemory
{
    // The runtime's own types: in code compiled ahead of time, their fields are not visible.
    private static readonly Type[] Handles =
        [typeof(GCHandle), typeof(GCHandle<>), typeof(PinnedGCHandle<>), typeof(WeakGCHandle<>),
            typeof(System.Runtime.DependentHandle), typeof(CLong), typeof(CULong)];

    /// <summary>
    /// Finds a pointer, a number of pointer size, or a handle of the runtime in a struct, at any depth and in any
    /// layout; null for most types.
    /// </summary>
    public static Type? In(Type type)
    {
        var seen = new HashSet<Type>();
        return Find(type);

        Type? Find(Type type)
        {
            if (IsOne(type))
            {
                return type;
            }

            if (!type.IsValueType || type.IsPrimitive || type.IsEnum || type == typeof(Utf8Text) || !seen.Add(type))
            {
                return null;
            }

            IEnumerable<Type> parts = RecordLayout.IsLookedInto(type)
                ? type.GetGenericArguments() : RecordLayout.FieldsOf(type).Select(field => field.FieldType);
            return parts.Select(Find).FirstOrDefault(found => found is not null);
        }
    }

    private static bool IsOne(Type type) =>
        type.IsPointer || type.IsFunctionPointer || type == typeof(nint) || type == typeof(nuint)
        || Handles.Contains(type.IsGenericType ? type.GetGenericTypeDefinition() : type);
}
