using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FastStream.Runtime;

/// <summary>
/// Finds the offset of a field in a struct, in bytes. As the runtime chooses the layout, it sets the field in an
/// otherwise empty record and searches the record's bytes for the value.
/// </summary>
/// <typeparam name="T">The struct.</typeparam>
internal static class FieldOffsets<T>
{
    /// <summary>The offset of a field of plain bytes, or of a reference.</summary>
    /// <param name="type">The field's type.</param>
    /// <param name="path">The fields that lead to it; empty for the record itself.</param>
    /// <returns>The offset; -1 if it was not found.</returns>
    public static int Of(Type type, IReadOnlyList<FieldInfo> path)
    {
        if (path.Count == 0)
        {
            return 0;
        }

        return type.IsValueType ? OfBytes(type, path) : OfReference(path);
    }

    /// <summary>As <see cref="Of"/>, for a field that must be found.</summary>
    /// <exception cref="NotSupportedException">The field was not found.</exception>
    public static int MustBe(Type type, IReadOnlyList<FieldInfo> path) => Of(type, path) is >= 0 and int offset
        ? offset
        : throw new NotSupportedException(
            $"The place of {string.Join('.', path.Select(field => field.Name))} in {typeof(T)} was not found.");

    [UnconditionalSuppressMessage("Trimming", "IL2067", Justification = "No constructor runs: the default of a struct is taken.")]
    private static int OfBytes(Type type, IReadOnlyList<FieldInfo> path)
    {
        object value = RuntimeHelpers.GetUninitializedObject(type);
        int length = RuntimeHelpers.SizeOf(type.TypeHandle);
        byte[] without = BytesOf(With(value, path, isPresent: false));
        MemoryMarshal.CreateSpan(ref BoxedStruct.First(value), length).Fill(1);
        byte[] with = BytesOf(With(value, path, isPresent: true));
        int offset = without.AsSpan().CommonPrefixLength(with);
        return offset + length <= with.Length ? offset : -1;
    }

    // A pinned string does not move during the search for its address. It substitutes for an object of any class;
    // nothing uses it as one.
    private static int OfReference(IReadOnlyList<FieldInfo> path)
    {
        object marker = new string('x', 3);
        GCHandle pin = GCHandle.Alloc(marker, GCHandleType.Pinned);
        try
        {
            if (HolderOf(path[^1], marker) is not { } holder)
            {
                return -1;
            }

            T record = With(holder, [.. path.Take(path.Count - 1)], isPresent: true);
            nint address = Unsafe.As<object, nint>(ref marker);
            ReadOnlySpan<nint> words = MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<T, nint>(ref record), Unsafe.SizeOf<T>() / nint.Size);
            int word = words.IndexOf(address);
            return word < 0 ? -1 : word * nint.Size;
        }
        finally
        {
            pin.Free();
        }
    }

    // The struct that declares a field, with an object in the field, whatever its class. Null if it was not found.
    [UnconditionalSuppressMessage("Trimming", "IL2072", Justification = "No constructor runs: the default of a struct is taken.")]
    private static object? HolderOf(FieldInfo field, object value)
    {
        Type type = field.DeclaringType!;
        for (int offset = 0; offset <= RuntimeHelpers.SizeOf(type.TypeHandle) - nint.Size; offset += nint.Size)
        {
            object holder = RuntimeHelpers.GetUninitializedObject(type);
            Unsafe.As<byte, object>(ref Unsafe.AddByteOffset(ref BoxedStruct.First(holder), offset)) = value;
            if (ReferenceEquals(field.GetValue(holder), value))
            {
                return holder;
            }
        }

        return null;
    }

    private static byte[] BytesOf(T record) =>
        MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<T, byte>(ref record), Unsafe.SizeOf<T>()).ToArray();

    [UnconditionalSuppressMessage("Trimming", "IL2072", Justification = "No constructor runs: the default of a "
        + "struct is taken. Where there is no metadata of fields, structs are not looked into.")]
    private static T With(object field, IReadOnlyList<FieldInfo> path, bool isPresent)
    {
        object? value = field;
        for (int i = path.Count - 1; i >= 0; i--)
        {
            Type holderType = path[i].DeclaringType!;
            if (Nullable.GetUnderlyingType(holderType) is { } present)
            {
                // A boxed nullable struct is the struct itself, or null.
                value = path[i].Name == "hasValue" ? (isPresent ? RuntimeHelpers.GetUninitializedObject(present) : null) : value;
            }
            else
            {
                object holder = RuntimeHelpers.GetUninitializedObject(holderType);
                path[i].SetValue(holder, value);
                value = holder;
            }
        }

        return (T)value!;
    }
}

/// <summary>The name of a field as in the program's source.</summary>
internal static class FieldNames
{
    /// <summary>The name of an automatic property for the compiler's field of it; else the field's own.</summary>
    public static string AsDeclared(FieldInfo field) =>
        field.Name is ['<', .. string name] && name.IndexOf('>', StringComparison.Ordinal) is > 0 and int end ? name[..end] : field.Name;
}
