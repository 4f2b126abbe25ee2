using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace FastStream;

/// <summary>Records as JSON, for types that hold references.</summary>
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

    /// <summary>A serializer by reflection: public properties and fields.</summary>
    [RequiresUnreferencedCode("Reads the members of T by reflection. Give the JsonTypeInfo<T> of a source-generated context where the program is trimmed.")]
    [RequiresDynamicCode("May make code at run time. Give the JsonTypeInfo<T> of a source-generated context where the program is compiled ahead of time.")]
    public JsonRecordSerializer()
    {
        var options = new JsonSerializerOptions { IncludeFields = true };
        options.MakeReadOnly(populateMissingResolver: true);
        _type = (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
    }

    /// <inheritdoc/>
    public string Schema => $"json {RecordFields.NameOf(typeof(T))}";

    /// <inheritdoc/>
    public void Write(in T record, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(record, _type);
        BinaryPrimitives.WriteInt32LittleEndian(output.GetSpan(sizeof(int)), json.Length);
        output.Advance(sizeof(int));
        output.Write(json);
    }

    /// <inheritdoc/>
    public T Read(ref ReadOnlySpan<byte> bytes)
    {
        int length = Math.Max(0, Prefixed.Length(ref bytes));
        try
        {
            T record = JsonSerializer.Deserialize(bytes[..length], _type)!;
            bytes = bytes[length..];
            return record;
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"A {typeof(T)} cannot be read from its JSON: {error.Message}", error);
        }
    }
}
