using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace FastStream;

/// <summary>One JSON value a line, ended by a line feed (https://jsonlines.org).</summary>
/// <typeparam name="T">The record.</typeparam>
public sealed class JsonLinesFormat<T> : IOutputFormat<T>
{
    // A writer keeps its buffers between records; it belongs to the thread for the length of one call.
    [ThreadStatic]
    private static Utf8JsonWriter? t_writer;

    private readonly JsonTypeInfo<T> _type;

    /// <summary>
    /// A format by what the JSON source generator wrote: needs no reflection, so it may be trimmed and compiled ahead
    /// of time.
    /// </summary>
    /// <param name="type">Such as <c>OrdersJson.Default.Order</c>; its options must not ask for indentation, which
    /// would break lines.</param>
    public JsonLinesFormat(JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        _type = type;
    }

    /// <summary>
    /// A format by reflection. Without options the fields of records are written too, so that a pair is
    /// <c>{"Item1":…,"Item2":…}</c>.
    /// </summary>
    /// <param name="options">Options of the serializer; indentation is ignored, for it would break lines.</param>
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
            // The serializer takes the writer's encoder, not that of its own options.
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
            // Half a value may be in it.
            t_writer = null;
            throw;
        }

        output.Write("\n"u8);
    }
}
