using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FastStream.Serialization;

/// <summary>
/// Bytes of a record that are written as they are in memory; a time with an offset is written by its value.
/// </summary>
/// <param name="Offset">Their offset in the record.</param>
/// <param name="Length">Number of bytes.</param>
/// <param name="IsTimeWithOffset">Whether they are a <see cref="DateTimeOffset"/>.</param>
internal readonly record struct RecordPiece(int Offset, int Length, bool IsTimeWithOffset);

/// <summary>
/// The fields of a struct without references, in the order of declaration. The bytes between them mean nothing and are
/// not written.
/// </summary>
/// <remarks>
/// The runtime chooses the place of a field in memory, and its next version may choose another; the written bytes, and
/// their schema, depend only on the program's own declarations. Of the framework's structs only the size counts, except
/// for tuples, nullables and pairs, whose parts are examined.
/// </remarks>
internal sealed class RecordLayout
{
    private readonly List<RecordPiece> _pieces = [];

    private RecordLayout(string schema) => Schema = schema;

    /// <summary>Names the fields and their types: the text changes whenever the written bytes do.</summary>
    public string Schema { get; private set; }

    /// <summary>The pieces to copy, in the order of writing; adjacent fields form one piece.</summary>
    public RecordPiece[] Pieces => [.. _pieces];

    /// <summary>Examines the fields of a type.</summary>
    /// <exception cref="NotSupportedException">One of the fields is a pointer or a handle.</exception>
    public static RecordLayout Of<T>()
    {
        if (PlaceInMemory.In(typeof(T)) is { } place)
        {
            string what = place.IsPointer || place.IsFunctionPointer ? "pointer" : NameOf(place);
            throw new NotSupportedException(
                $"{typeof(T)} holds a {what}, which means nothing when the program starts again. "
                + $"Take it out, or add a serializer for {typeof(T)} to CheckpointOptions.Serializers.");
        }

        var layout = new RecordLayout("");
        layout.Schema = layout.Walk<T>(typeof(T), []);
        return layout;
    }

    /// <summary>A type's name without version and assembly, with those of its arguments.</summary>
    public static string NameOf(Type type)
    {
        if (type.IsArray)
        {
            return $"{NameOf(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        }

        return type.IsGenericType
            ? $"{type.GetGenericTypeDefinition().FullName}[{string.Join(',', type.GetGenericArguments().Select(NameOf))}]"
            : type.FullName ?? type.Name;
    }

    /// <summary>Whether a type belongs to the framework and not to the program.</summary>
    public static bool IsOfFramework(Type type) =>
        type.Assembly.GetName().Name is { } name && (name == "System" || name.StartsWith("System.", StringComparison.Ordinal));

    private string Walk<T>(Type type, IReadOnlyList<FieldInfo> path)
    {
        if (type == typeof(Utf8Text))
        {
            return "text";   // its bytes are written after all others
        }

        if (type.IsPrimitive || type.IsEnum || IsOneBlock(type))
        {
            AddPiece<T>(type, path);
            string size = type.IsPrimitive
                ? "" : type.IsEnum ? $":{type.GetEnumUnderlyingType().FullName}" : $":{RuntimeHelpers.SizeOf(type.TypeHandle)}";
            return NameOf(type) + size;
        }

        IEnumerable<string> fields = FieldsOf(type).Select(field => NameOf(field) + Walk<T>(field.FieldType, [.. path, field]));
        string name = IsLookedInto(type) ? type.GetGenericTypeDefinition().Name : NameOf(type);
        return $"{name}{{{string.Join(' ', fields)}}}";
    }

    // An automatic property has its name in the program; names of fields of the framework, and of our own Optional, are
    // not used.
    private static string NameOf(FieldInfo field)
    {
        if (IsLookedInto(field.DeclaringType!))
        {
            return "";
        }

        return $"{FieldNames.AsDeclared(field)}:";
    }

    // In the order of declaration, with the flag of presence first.
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "Where there is no metadata of fields, "
        + "structs are refused before.")]
    internal static IEnumerable<FieldInfo> FieldsOf(Type type) => type
        .GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        .OrderByDescending(IsMarkOfPresence).ThenBy(field => field.MetadataToken);

    private static bool IsMarkOfPresence(FieldInfo field) =>
        field.DeclaringType is { IsGenericType: true } type && type.GetGenericTypeDefinition() is var generic
            && (generic == typeof(Nullable<>) || generic == typeof(Optional<>))
        && field.FieldType == typeof(bool) && field.Name.Contains("hasValue", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a type is one of the tuples, nullables and pairs whose parts are its type arguments.</summary>
    internal static bool IsLookedInto(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() is var generic
        && (generic == typeof(Nullable<>) || generic == typeof(KeyValuePair<,>) || generic == typeof(Optional<>)
            || (IsOfRuntime(type) && typeof(ITuple).IsAssignableFrom(type)));

    private static bool IsOfRuntime(Type type) => type.Assembly == typeof(object).Assembly;

    // Structs whose fields overlap, repeat or represent more bytes than declared, and the framework's structs. Texts
    // are never copied as memory: after a restart, their addresses are invalid.
    private static bool IsOneBlock(Type type)
    {
        bool isOpaque = (IsOfRuntime(type) && !IsLookedInto(type) && type != typeof(ValueTuple))
            || type.IsExplicitLayout
            || type.IsDefined(typeof(InlineArrayAttribute), inherit: false)
            || type.StructLayoutAttribute is { Size: > 0 };
        return isOpaque && RecordFields.TextPaths(type).Count == 0;
    }

    private void AddPiece<T>(Type type, IReadOnlyList<FieldInfo> path)
    {
        int length = RuntimeHelpers.SizeOf(type.TypeHandle);
        var piece = new RecordPiece(FieldOffsets<T>.MustBe(type, path), length, type == typeof(DateTimeOffset));
        RecordPiece last = _pieces.Count > 0 ? _pieces[^1] : default;
        if (last.Length > 0 && last.Offset + last.Length == piece.Offset && !last.IsTimeWithOffset && !piece.IsTimeWithOffset)
        {
            _pieces[^1] = last with { Length = last.Length + length };
        }
        else
        {
            _pieces.Add(piece);
        }
    }
}
