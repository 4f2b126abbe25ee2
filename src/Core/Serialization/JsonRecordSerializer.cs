using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace FastStream;

/// <summary>Records as JSON, for types that hold references.</summary>
/// <remarks>
/// What JSON does not say is lost: which comparer a dictionary has, and that two places hold the same object. Half a surrogate pair in a string becomes U+FFFD. Objects that hold themselves, or
/// more than 64 others inside one another, cannot be written.
/// </remarks>
/// <typeparam name="T">The record.</typeparam>
public sealed class JsonRecordSerializer<T> : IRecordSerializer<T>
{
    private readonly JsonTypeInfo<T> _type;

    /// <summary>A serializer by what the JSON source generator wrote.</summary>
    /// <param name="type">Such as <c>OrdersJson.Default.Order</c>.</param>
    public JsonRecordSerializer(JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        _type = type;
    }

    /// <summary>A serializer by reflection: public properties and fields. A member that is new begins with its default; JSON with one that the type has no more is refused.</summary>
    /// <exception cref="NotSupportedException">Something in the record would not come back as it was; the message says what.</exception>
    [RequiresUnreferencedCode("Reads the members of T by reflection. Give the JsonTypeInfo<T> of a source-generated context where the program is trimmed.")]
    [RequiresDynamicCode("May make code at run time. Give the JsonTypeInfo<T> of a source-generated context where the program is compiled ahead of time.")]
    public JsonRecordSerializer()
    {
        var options = new JsonSerializerOptions
        {
            IncludeFields = true,
            NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,   // a member that was renamed would be forgotten without a word
            Converters = { new ExactTextConverter(), new ExactOptionalConverter() },
        };
        options.MakeReadOnly(populateMissingResolver: true);
        JsonRoundTrip.Check(typeof(T), options);
        _type = (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
    }

    /// <inheritdoc/>
    public string Schema { get; } = $"json {RecordLayout.NameOf(typeof(T))}";

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">The record is of a type derived from T, of which T's JSON would keep a part only.</exception>
    public void Write(in T record, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (!typeof(T).IsValueType && record is not null && record.GetType() != typeof(T) && _type.Kind == JsonTypeInfoKind.Object && _type.PolymorphismOptions is null)
        {
            throw new NotSupportedException($"A {record.GetType()} cannot be written as a {typeof(T)}: what the one has more would be lost. Name the derived types by JsonDerivedType, or add a serializer for {typeof(T)} to CheckpointOptions.Serializers.");
        }

        byte[] json = JsonSerializer.SerializeToUtf8Bytes(record, _type);
        SavedNumbers.WriteInt32(output, json.Length);
        output.Write(json);
    }

    /// <inheritdoc/>
    public T Read(ref ReadOnlySpan<byte> bytes)
    {
        int length = Prefixed.LengthOfPresent(ref bytes);
        T record;
        try
        {
            record = JsonSerializer.Deserialize(bytes[..length], _type)!;
        }
        catch (Exception error) when (error is not (OutOfMemoryException or InvalidDataException))
        {
            // Whatever a constructor or a property of the record's throws.
            throw new InvalidDataException($"A {typeof(T)} cannot be read from its JSON: {error.Message}", error);
        }

        bytes = bytes[length..];
        return record;
    }
}
