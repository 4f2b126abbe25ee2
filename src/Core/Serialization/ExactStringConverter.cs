using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace FastStream.Serialization;

/// <summary>
/// A string in the JSON of checkpoints: itself, or <c>["base64 of its UTF-16"]</c> if it contains half a surrogate
/// pair, which JSON would replace.
/// </summary>
internal sealed class ExactStringConverter : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => ReadFrom(ref reader);

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => WriteTo(writer, value);

    public override string ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetString()!;

    public override void WriteAsPropertyName(Utf8JsonWriter writer, [DisallowNull] string value, JsonSerializerOptions options) =>
        writer.WritePropertyName(ThrowIfHalf(value));

    internal static string? ReadFrom(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return reader.GetString();
        }

        if (reader.Read() && reader.TokenType == JsonTokenType.String)
        {
            byte[] bytes = reader.GetBytesFromBase64();
            if (bytes.Length % sizeof(char) == 0 && reader.Read() && reader.TokenType == JsonTokenType.EndArray)
            {
                return new string(MemoryMarshal.Cast<byte, char>(bytes));
            }
        }

        throw new JsonException("A string is a string, or an array of one string in base64.");
    }

    internal static void WriteTo(Utf8JsonWriter writer, ReadOnlySpan<char> value)
    {
        if (!HasHalf(value))
        {
            writer.WriteStringValue(value);
            return;
        }

        writer.WriteStartArray();
        writer.WriteBase64StringValue(MemoryMarshal.AsBytes(value));
        writer.WriteEndArray();
    }

    /// <summary>Returns the key of a dictionary, if JSON can represent it.</summary>
    internal static string ThrowIfHalf(string key) =>
        HasHalf(key)
            ? throw new NotSupportedException("The key of a dictionary has half a surrogate pair in it, which JSON cannot name.")
            : key;

    /// <summary>Whether a text contains half a surrogate pair.</summary>
    internal static bool HasHalf(ReadOnlySpan<char> text)
    {
        for (int start; (start = text.IndexOfAnyInRange('\uD800', '\uDFFF')) >= 0;)
        {
            if (Rune.DecodeFromUtf16(text[start..], out _, out int length) != System.Buffers.OperationStatus.Done)
            {
                return true;
            }

            text = text[(start + length)..];
        }

        return false;
    }
}

/// <summary>
/// A character in the JSON of checkpoints, including half a surrogate pair: see <see cref="ExactStringConverter"/>.
/// </summary>
internal sealed class ExactCharConverter : JsonConverter<char>
{
    public override char Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Single(ExactStringConverter.ReadFrom(ref reader));

    public override void Write(Utf8JsonWriter writer, char value, JsonSerializerOptions options) =>
        ExactStringConverter.WriteTo(writer, [value]);

    public override char ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Single(reader.GetString());

    public override void WriteAsPropertyName(Utf8JsonWriter writer, char value, JsonSerializerOptions options) =>
        writer.WritePropertyName(ExactStringConverter.ThrowIfHalf(value.ToString()));

    private static char Single(string? text) =>
        text is { Length: 1 } ? text[0] : throw new JsonException("A character is a string of one.");
}
