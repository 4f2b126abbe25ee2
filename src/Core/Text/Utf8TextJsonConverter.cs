using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;

namespace FastStream;

/// <summary>
/// A <see cref="Utf8Text"/> as a JSON string. It interns the texts that it reads if they are longer than
/// <see cref="Utf8Text.InlineBytes"/>, as they need memory of their own.
/// </summary>
public sealed class Utf8TextJsonConverter : JsonConverter<Utf8Text>
{
    /// <inheritdoc/>
    public override Utf8Text Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Utf8Text.Intern(reader.GetString() ?? string.Empty);

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Utf8Text value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (Utf8.IsValid(value.Span))
        {
            writer.WriteStringValue(value.Span);
        }
        else
        {
            // Bytes that are not UTF-8 become U+FFFD, as in ToString.
            writer.WriteStringValue(value.ToString());
        }
    }

    /// <inheritdoc/>
    public override Utf8Text ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Read(ref reader, typeToConvert, options);

    /// <inheritdoc/>
    public override void WriteAsPropertyName(Utf8JsonWriter writer, Utf8Text value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WritePropertyName(value.ToString());
    }
}
