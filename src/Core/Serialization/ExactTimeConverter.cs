using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace FastStream;

/// <summary>
/// A local time as what the clock showed. JSON's own form adds the offset from UTC, by which an hour that summer time leaves out or repeats comes back as
/// another one, and every hour on a machine of another time zone.
/// </summary>
internal sealed class ExactTimeConverter : JsonConverter<DateTime>
{
    private const string Mark = "local ";
    private const string Form = "yyyy-MM-ddTHH:mm:ss.fffffff";

    public override DateTime Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        TryReadLocal(reader.GetString(), out DateTime local) ? local : reader.GetDateTime();

    public override void Write(Utf8JsonWriter writer, DateTime value, JsonSerializerOptions options)
    {
        if (value.Kind == DateTimeKind.Local)
        {
            writer.WriteStringValue(Local(value));
        }
        else
        {
            writer.WriteStringValue(value);
        }
    }

    public override DateTime ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string name = reader.GetString()!;
        return TryReadLocal(name, out DateTime local) ? local
            : DateTime.TryParseExact(name, "O", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out DateTime time) ? time
            : throw new JsonException($"\"{name}\" was found; a time is expected.");
    }

    public override void WriteAsPropertyName(Utf8JsonWriter writer, DateTime value, JsonSerializerOptions options) =>
        writer.WritePropertyName(value.Kind == DateTimeKind.Local ? Local(value) : value.ToString("O", CultureInfo.InvariantCulture));

    private static string Local(DateTime value) => Mark + value.ToString(Form, CultureInfo.InvariantCulture);

    private static bool TryReadLocal(string? text, out DateTime local)
    {
        local = default;
        bool found = text is not null && text.StartsWith(Mark, StringComparison.Ordinal)
            && DateTime.TryParseExact(text.AsSpan(Mark.Length), Form, CultureInfo.InvariantCulture, DateTimeStyles.None, out local);
        local = DateTime.SpecifyKind(local, DateTimeKind.Local);
        return found;
    }
}
