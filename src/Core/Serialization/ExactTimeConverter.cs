using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace FastStream.Serialization;

/// <summary>
/// A local time in the JSON of checkpoints, as the clock showed it. JSON's own format adds the offset from UTC, which
/// changes an hour that daylight saving skips or repeats, and every hour on a machine in another time zone. <c>"local
/// 2026-03-29T02:30:00.0000000"</c>
/// </summary>
/// <remarks>
/// In the repeated hour, .NET keeps a bit that distinguishes the first pass, in summer time, from the second.
/// Comparisons ignore it, but the conversion to UTC uses it: <c>"local 2026-10-25T02:30:00.0000000 summer"</c>
/// </remarks>
internal sealed class ExactTimeConverter : JsonConverter<DateTime>
{
    private const string Mark = "local ";
    private const string Form = "yyyy-MM-ddTHH:mm:ss.fffffff";
    private const string SummerMark = " summer";
    // the upper two bits of a DateTime: 2 is local, 3 is local in summer time of a repeated hour
    private const int KindShift = 62;
    private const ulong LocalInSummer = 3;

    private static readonly JsonConverter<DateTime> Usual = JsonMetadataServices.DateTimeConverter;

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
        return TryReadLocal(reader.GetString(), out DateTime local) ? local : Usual.ReadAsPropertyName(ref reader, typeToConvert, options);
    }

    public override void WriteAsPropertyName(Utf8JsonWriter writer, DateTime value, JsonSerializerOptions options)
    {
        if (value.Kind == DateTimeKind.Local)
        {
            writer.WritePropertyName(Local(value));
        }
        else
        {
            Usual.WriteAsPropertyName(writer, value, options);
        }
    }

    private static string Local(DateTime value) =>
        Mark + value.ToString(Form, CultureInfo.InvariantCulture)
            + (Unsafe.BitCast<DateTime, ulong>(value) >> KindShift == LocalInSummer ? SummerMark : "");

    private static bool TryReadLocal(string? text, out DateTime local)
    {
        local = default;
        if (text is null || !text.StartsWith(Mark, StringComparison.Ordinal))
        {
            return false;
        }

        bool isInSummer = text.EndsWith(SummerMark, StringComparison.Ordinal);
        if (!DateTime.TryParseExact(
            text.AsSpan()[Mark.Length..^(isInSummer ? SummerMark.Length : 0)], Form, CultureInfo.InvariantCulture,
            DateTimeStyles.None, out local))
        {
            return false;
        }

        local = isInSummer
            ? Unsafe.BitCast<ulong, DateTime>((ulong)local.Ticks | (LocalInSummer << KindShift))
                : DateTime.SpecifyKind(local, DateTimeKind.Local);
        return true;
    }
}
