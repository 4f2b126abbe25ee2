using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FastStream.Runtime;

/// <summary>
/// The places of texts in records of a type, so that operators that keep records longer than their batch can copy the
/// texts too.
/// </summary>
/// <remarks>
/// The places are determined once for a type, from its fields: texts in the record itself and in structs inside it can
/// be copied. Texts and groups behind references (arrays, lists, classes), and texts in inline arrays and overlapping
/// fields, cannot be copied; <see cref="Unreachable"/> names such a type. In code compiled ahead of time, fields cannot
/// be examined, and every struct of the user counts as such a type.
/// </remarks>
internal static class RecordTexts<T>
{
    private static readonly int[] Offsets =
        [.. RecordFields.TextPaths(typeof(T)).Select(path => FieldOffsets<T>.MustBe(typeof(Utf8Text), path))];   // in bytes

    /// <summary>Whether a record holds texts that <see cref="Copy(Span{T}, TextArena, ArenaLease)"/> finds.</summary>
    public static bool Any => Offsets.Length > 0;

    /// <summary>The places of the texts, in bytes from the record's start.</summary>
    public static ReadOnlySpan<int> Places => Offsets;

    /// <summary>
    /// A type inside the record that holds memory of the batch in a place that cannot be copied; null for most records.
    /// </summary>
    public static Type? Unreachable { get; } = RecordFields.Unreachable(typeof(T));

    /// <summary>Replaces all long texts of the records by copies.</summary>
    public static void Copy(Span<T> records, TextArena memory, ArenaLease lease)
    {
        foreach (int offset in Offsets)
        {
            for (int i = 0; i < records.Length; i++)
            {
                ref Utf8Text text = ref TextIn(ref records[i], offset);
                text = memory.Copy(in text, lease);
            }
        }
    }

    /// <summary>Replaces all long texts of one record by copies.</summary>
    public static void Copy(ref T record, TextArena memory, ArenaLease lease) =>
        Copy(MemoryMarshal.CreateSpan(ref record, 1), memory, lease);

    /// <summary>Bytes of the record's texts that are outside the record.</summary>
    public static long LongBytes(ref T record)
    {
        long bytes = 0;
        foreach (int offset in Offsets)
        {
            ref Utf8Text text = ref TextIn(ref record, offset);
            bytes += text.IsLong ? text.Length : 0;
        }

        return bytes;
    }

    /// <summary>The text at one of the places.</summary>
    public static ref Utf8Text TextIn(ref T record, int offset) =>
        ref Unsafe.As<byte, Utf8Text>(ref Unsafe.AddByteOffset(ref Unsafe.As<T, byte>(ref record), offset));
}

/// <summary>Examines the fields of record types.</summary>
internal static class RecordFields
{
    private const BindingFlags Instance = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>The fields that lead to each text inside a record; an empty path if the record is a text.</summary>
    public static IReadOnlyList<IReadOnlyList<FieldInfo>> TextPaths(Type record)
    {
        var paths = new List<IReadOnlyList<FieldInfo>>();
        Walk(record, []);
        return paths;

        void Walk(Type type, IReadOnlyList<FieldInfo> path)
        {
            if (type == typeof(Utf8Text))
            {
                paths.Add(path);
            }
            else if (type.IsValueType && !type.IsPrimitive && !type.IsEnum && !ObjectParts.IsOf(type, typeof(Group<>)) && !IsOpaque(type))
            {
                foreach (FieldInfo field in FieldsOf(type).Where(field => field.FieldType != type))
                {
                    Walk(field.FieldType, [.. path, field]);
                }
            }
        }
    }

    /// <summary>A type inside a record that holds memory of the batch behind a reference; null if there is none.</summary>
    public static Type? Unreachable(Type record)
    {
        var seen = new HashSet<(Type, bool)>();
        return Find(record, behindReference: false);

        Type? Find(Type type, bool behindReference)
        {
            if (ObjectParts.IsOf(type, typeof(Group<>)) || (type == typeof(Utf8Text) && behindReference))
            {
                return type;
            }

            bool behind = behindReference || !type.IsValueType || IsOpaque(type);
            if (!RuntimeFeature.IsDynamicCodeSupported && type.IsValueType && !type.IsPrimitive && !type.IsEnum && type != typeof(Utf8Text))
            {
                return FindAheadOfTime(type, behind);
            }

            bool isPlain = type.IsPrimitive || type.IsEnum || type.IsPointer || type == typeof(string)
                || type == typeof(Utf8Text) || typeof(Delegate).IsAssignableFrom(type);
            return isPlain || !seen.Add((type, behind))
                ? null : Parts(type).Select(part => Find(part, behind)).FirstOrDefault(found => found is not null);
        }

        // The place of a text in a tuple is unknown then, too.
        Type? FindAheadOfTime(Type type, bool behind) => !IsKnownAheadOfTime(type)
            ? type
            : type.GetGenericArguments().Select(part => part == typeof(Utf8Text) ? type : Find(part, behind))
                .FirstOrDefault(found => found is not null);
    }

    // Compiled ahead of time, the content is known only for the framework's own structs: by their type arguments, as
    // fields may have been trimmed away.
    private static bool IsKnownAheadOfTime(Type type) => type.Assembly == typeof(object).Assembly || type == typeof(BatchTime);

    // The content of the framework's own classes is known by their type arguments.
    private static IEnumerable<Type> Parts(Type type)
    {
        if (type.IsArray)
        {
            return [type.GetElementType()!];
        }

        if (typeof(DStream).IsAssignableFrom(type) || typeof(StreamingContext).IsAssignableFrom(type))
        {
            return [];
        }

        if (type.IsInterface || ObjectParts.IsMemory(type) || (!type.IsValueType && type.Assembly == typeof(object).Assembly))
        {
            return type.GetGenericArguments();
        }

        IEnumerable<Type> own = FieldsOf(type).Select(field => field.FieldType);
        return type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) ? own.Concat(Parts(parent)) : own;
    }

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "A field that was trimmed away holds no "
        + "text; where there is no metadata of fields, no struct is looked into.")]
    private static FieldInfo[] FieldsOf(Type type) => type.GetFields(Instance);

    // Structs in which the place of a text is not that of one field: it is elsewhere, repeated, or shared with another
    // field.
    private static bool IsOpaque(Type type) =>
        ObjectParts.IsMemory(type)
            || (type.IsValueType && (type.IsExplicitLayout || type.IsDefined(typeof(InlineArrayAttribute), inherit: false)));
}
