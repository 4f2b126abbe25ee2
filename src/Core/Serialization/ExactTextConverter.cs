using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;

namespace FastStream.Serialization;

/// <summary>
/// A <see cref="Utf8Text"/> in the JSON of checkpoints: a string, or <c>["base64"]</c> for bytes that are not UTF-8, so
/// that no byte changes.
/// </summary>
internal sealed class ExactTextConverter : JsonConverter<Utf8Text>
{
    public override Utf8Text Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return Utf8Text.Intern(reader.GetString()!);
        }

        if (reader.TokenType == JsonTokenType.StartArray && reader.Read() && reader.TokenType == JsonTokenType.String)
        {
            byte[] bytes = reader.GetBytesFromBase64();
            if (reader.Read() && reader.TokenType == JsonTokenType.EndArray)
            {
                return Utf8Text.Intern(bytes);
            }
        }

        throw new JsonException("A text is a string, or an array of one string.");
    }

    public override void Write(Utf8JsonWriter writer, Utf8Text value, JsonSerializerOptions options)
    {
        if (Utf8.IsValid(value.Span))
        {
            writer.WriteStringValue(value.Span);
        }
        else
        {
            writer.WriteStartArray();
            writer.WriteBase64StringValue(value.Span);
            writer.WriteEndArray();
        }
    }
}
