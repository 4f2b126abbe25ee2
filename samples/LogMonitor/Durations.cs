using System.CommandLine.Parsing;
using System.Globalization;

namespace LogMonitor;

/// <summary>Durations on the command line: <c>500ms</c>, <c>1s</c>, <c>2m</c>, <c>1h</c> or <c>00:00:01</c>.</summary>
internal static class Durations
{
    private const int LongestMs = int.MaxValue;   // 24 days, the longest batch interval

    private static readonly (string Name, int Milliseconds)[] Units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

    public static TimeSpan Parse(ArgumentResult argument)
    {
        string text = argument.Tokens.Count > 0 ? argument.Tokens[0].Value : "";
        if (TryParse(text, out TimeSpan duration))
        {
            return duration;
        }

        argument.AddError(
            $"\"{text}\" is no duration; whole milliseconds up to 24 days are expected, such as 1ms, 500ms, 1s, 2m or 00:00:01.");
        return default;
    }

    public static bool TryParse(string text, out TimeSpan duration)
    {
        foreach ((string name, int milliseconds) in Units)
        {
            if (text.EndsWith(name, StringComparison.Ordinal)
                && decimal.TryParse(text[..^name.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number))
            {
                // Limited before the multiplication, so that nothing overflows.
                decimal wanted = Math.Min(number, LongestMs) * milliseconds;
                bool isValid = wanted is > 0 and <= LongestMs && wanted % 1 == 0;
                duration = TimeSpan.FromMilliseconds(isValid ? (long)wanted : 0);
                return isValid;
            }
        }

        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out duration) && text.Contains(':', StringComparison.Ordinal)
            && duration > TimeSpan.Zero && duration.TotalMilliseconds <= LongestMs && duration.Ticks % TimeSpan.TicksPerMillisecond == 0;
    }
}
