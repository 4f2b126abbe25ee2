using System.Globalization;

namespace FastStream.Cli;

/// <summary>Formats times for people: three digits and a unit.</summary>
internal static class Times
{
    /// <summary>Formats a time for a child's option: in whole milliseconds.</summary>
    public static string Option(TimeSpan time) => time.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture) + "ms";

    public static string Text(TimeSpan time)
    {
        (double number, string unit) = Math.Abs(time.TotalSeconds) switch
        {
            >= 120 => (time.TotalMinutes, "min"),
            >= 1 => (time.TotalSeconds, "s"),
            >= 0.001 => (time.TotalMilliseconds, "ms"),
            0 => (0, "ms"),
            _ => (time.TotalMicroseconds, "µs"),
        };
        string format = Math.Abs(number) switch { >= 100 => "0", >= 10 => "0.#", _ => "0.##" };
        return number.ToString(format, CultureInfo.InvariantCulture) + " " + unit;
    }
}
