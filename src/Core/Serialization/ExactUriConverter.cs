using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace FastStream.Serialization;

/// <summary>
/// A <see cref="Uri"/> in the JSON of checkpoints: its text, or <c>["text"]</c> for a relative one that would otherwise
/// be read as absolute, such as <c>c:\a</c>.
/// </summary>
internal sealed class ExactUriConverter : JsonConverter<Uri>
{
    public override Uri? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return Parse(reader.GetString(), UriKind.RelativeOrAbsolute) ?? throw new JsonException("It is no URI.");
        }

        return reader.Read() && Parse(reader.GetString(), UriKind.Relative) is { } relative
            && reader.Read() && reader.TokenType == JsonTokenType.EndArray
            ? relative
            : throw new JsonException("A URI is a string, or an array of one string.");
    }

    public override void Write(Utf8JsonWriter writer, Uri value, JsonSerializerOptions options)
    {
        if (IsSame(Parse(value.OriginalString, UriKind.RelativeOrAbsolute), value))
        {
            writer.WriteStringValue(value.OriginalString);
        }
        else if (IsSame(Parse(value.OriginalString, UriKind.Relative), value))
        {
            writer.WriteStartArray();
            writer.WriteStringValue(value.OriginalString);
            writer.WriteEndArray();
        }
        else
        {
            throw Lost(value);
        }
    }

    public override Uri ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Parse(reader.GetString(), UriKind.RelativeOrAbsolute) ?? throw new JsonException("It is no URI.");

    public override void WriteAsPropertyName(Utf8JsonWriter writer, [DisallowNull] Uri value, JsonSerializerOptions options) =>
        writer.WritePropertyName(
            IsSame(Parse(value.OriginalString, UriKind.RelativeOrAbsolute), value) ? value.OriginalString : throw Lost(value));

    private static Uri? Parse(string? text, UriKind kind) => Uri.TryCreate(text, kind, out Uri? uri) ? uri : null;

    private static bool IsSame(Uri? back, Uri value) =>
        back is not null && value.GetType() == typeof(Uri) && !ExactStringConverter.HasHalf(value.OriginalString)
        && back.IsAbsoluteUri == value.IsAbsoluteUri
        && back.ToString() == value.ToString() && (!value.IsAbsoluteUri || back.AbsoluteUri == value.AbsoluteUri);

    private static NotSupportedException Lost(Uri value) =>
        new($"The {value.GetType()} \"{value.OriginalString}\" would be another one when its text is read again.");
}
