using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace FastStream;

/// <summary>One JSON value per line, ended by a line feed (https://jsonlines.org).</summary>
/// <typeparam name="T">The record.</typeparam>
public sealed class JsonLinesFormat<T> : IOutputFormat<T>
{
    // A writer keeps its buffers between records; during a call the thread has it to itself.
    [ThreadStatic]
    private static Utf8JsonWriter? t_writer;

    private readonly JsonTypeInfo<T> _type;

    /// <summary>
    /// A format with what the JSON source generator wrote: it needs no reflection, so that the program may be trimmed
    /// and compiled ahead of time.
    /// </summary>
    /// <param name="type">Such as <c>OrdersJson.Default.Order</c>; its options must not ask for indentation, which
    /// would break lines.</param>
    public JsonLinesFormat(JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        _type = type;
    }

    /// <summary>
    /// A format that uses reflection. Without options, the fields of records are written too, so that a pair is
    /// <c>{"Item1":…,"Item2":…}</c>.
    /// </summary>
    /// <param name="options">Options of the serializer; indentation is ignored, because it would break lines.</param>
    [RequiresUnreferencedCode("Reads the members of T by reflection. Give the JsonTypeInfo<T> of a source-generated "
        + "context where the program is trimmed.")]
    [RequiresDynamicCode("May make code at run time. Give the JsonTypeInfo<T> of a source-generated context where "
        + "the program is compiled ahead of time.")]
    public JsonLinesFormat(JsonSerializerOptions? options = null)
    {
        JsonSerializerOptions used = options ?? new JsonSerializerOptions { IncludeFields = true };
        used.MakeReadOnly(populateMissingResolver: true);
        _type = (JsonTypeInfo<T>)used.GetTypeInfo(typeof(T));
    }

    /// <inheritdoc/>
    public string Extension => "jsonl";

    /// <inheritdoc/>
    public void Write(IBufferWriter<byte> output, in T record)
    {
        ArgumentNullException.ThrowIfNull(output);
        Utf8JsonWriter? writer = t_writer;
        if (writer is null || writer.Options.Encoder != _type.Options.Encoder)
        {
            // The serializer uses the writer's encoder, not that of its own options.
            t_writer = writer = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = _type.Options.Encoder });
        }

        writer.Reset(output);
        try
        {
            JsonSerializer.Serialize(writer, record, _type);
            writer.Flush();
        }
        catch
        {
            // The writer may hold half a value.
            t_writer = null;
            throw;
        }

        output.Write("\n"u8);
    }
}
