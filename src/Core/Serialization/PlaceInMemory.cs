using System.Runtime.InteropServices;

namespace FastStream.Serialization;

/// <summary>What says where something lies in the memory of this process: it means nothing in the next one.</summary>
/// <remarks>
/// A number as large as a pointer is taken for one: <c>nint</c> is what handles of the system are kept in, nobody can
/// tell the two apart, and another process may have another size of it. A count fits into a <c>long</c>.
/// </remarks>
internal static class PlaceInMemory
{
    // The runtime's own: where code was compiled ahead of time, their fields cannot be seen.
    private static readonly Type[] Handles =
        [typeof(GCHandle), typeof(GCHandle<>), typeof(PinnedGCHandle<>), typeof(WeakGCHandle<>),
            typeof(System.Runtime.DependentHandle), typeof(CLong), typeof(CULong)];

    /// <summary>
    /// A pointer, a number as large as one, or a handle of the runtime's in a struct, however deep and however it is
    /// laid out; null for most.
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
