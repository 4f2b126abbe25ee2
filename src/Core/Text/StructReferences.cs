using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FastStream.Runtime;

/// <summary>
/// The places in a struct of references that may lead to texts, so that the references are read in place, without
/// boxing each struct.
/// </summary>
/// <remarks>
/// As the runtime chooses the layout, a marker is written into each word of an otherwise empty struct in turn, and each
/// field is checked for the marker.
/// </remarks>
internal static class StructReferences
{
    /// <summary>The places, in bytes from the struct's start; empty for a struct that is certainly free of texts.</summary>
    /// <param name="type">The struct; not nullable.</param>
    public static int[] Of(Type type)
    {
        if (ObjectParts.IsSurelyFree(type) || ObjectParts.EndsWithBatch(type))
        {
            return [];
        }

        int count = type.GetCustomAttribute<InlineArrayAttribute>()?.Length ?? 1;
        return [.. ObjectParts.Fields(type).SelectMany(field => Repeated(Of(type, field), count, SizeOf(field.FieldType))).Distinct()];
    }

    /// <summary>The places in an element of an array, which may be a nullable struct.</summary>
    public static int[] OfElement(Type arrayType)
    {
        Type type = arrayType.GetElementType()!;
        if (Nullable.GetUnderlyingType(type) is not { } inside)
        {
            return Of(type);
        }

        int[] places = Of(inside);
        if (places.Length == 0)
        {
            return places;
        }

        // A boxed nullable struct is the struct itself, so that its own layout shows only in an array.
        object marker = NewMarker();
        object box = NewBox(inside);
        Reference(box, places[0]) = marker;
        Array one = Array.CreateInstanceFromArrayType(arrayType, 1);
        one.SetValue(box, 0);
        ref byte first = ref MemoryMarshal.GetArrayDataReference(one);
        for (int offset = 0; offset < SizeOf(type); offset += nint.Size)
        {
            if (ReferenceEquals(Unsafe.As<byte, object>(ref Unsafe.AddByteOffset(ref first, offset)), marker))
            {
                return [.. places.Select(place => place + offset - places[0])];
            }
        }

        throw NotFound(type, "value");
    }

    /// <summary>Bytes of a struct, or of a reference.</summary>
    public static int SizeOf(Type type) => type.IsValueType ? RuntimeHelpers.SizeOf(type.TypeHandle) : nint.Size;

    private static int[] Of(Type type, FieldInfo field)
    {
        Type inside = Nullable.GetUnderlyingType(field.FieldType) ?? field.FieldType;
        if (!inside.IsValueType)
        {
            return ObjectParts.IsSurelyFree(inside) ? [] : [Find(type, field, value => value)];
        }

        int[] places = inside == type ? [] : Of(inside);
        if (places.Length == 0)
        {
            return places;
        }

        int first = Find(type, field, value => value is null ? null : Reference(value, places[0]));
        return [.. places.Select(place => place + first - places[0])];
    }

    private static IEnumerable<int> Repeated(int[] places, int count, int bytes) =>
        Enumerable.Range(0, count).SelectMany(i => places.Select(place => (i * bytes) + place));

    private static int Find(Type type, FieldInfo field, Func<object?, object?> read)
    {
        object marker = NewMarker();
        for (int offset = 0; offset <= SizeOf(type) - nint.Size; offset += nint.Size)
        {
            object box = NewBox(type);
            if (Nullable.GetUnderlyingType(field.FieldType) is { } present)
            {
                field.SetValue(box, NewBox(present));
            }

            Reference(box, offset) = marker;
            if (ReferenceEquals(read(field.GetValue(box)), marker))
            {
                return offset;
            }
        }

        throw NotFound(type, field.Name);
    }

    // In a boxed struct.
    private static ref object Reference(object box, int offset) =>
        ref Unsafe.As<byte, object>(ref Unsafe.AddByteOffset(ref BoxedStruct.First(box), offset));

    private static NotSupportedException NotFound(Type type, string field) => new($"The place of {field} in {type} was not found.");

    // At times the marker is not in the place of a reference: the collector does not see it there then, and so it must
    // not move.
    private static byte[] NewMarker() => GC.AllocateUninitializedArray<byte>(1, pinned: true);

    [UnconditionalSuppressMessage("Trimming", "IL2067", Justification = "No constructor runs: the default of a struct is taken.")]
    private static object NewBox(Type type) => RuntimeHelpers.GetUninitializedObject(type);
}
