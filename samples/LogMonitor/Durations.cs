using System.CommandLine.Parsing;
using System.Globalization;

namespace LogMonitor;

/// <summary>Durations on the command line: <c>500ms</c>, <c>1s</c>, <c>2m</c>, <c>1h</c> or <c>00:00:01</c>.</summary>
internal static class Durations
{
    private static readonly (string Unit, double Seconds)[] Units = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)];

    public static TimeSpan Parse(ArgumentResult argument)
    {
        string text = argument.Tokens.Count > 0 ? argument.Tokens[0].Value : "";
        foreach ((string unit, double seconds) in Units)
        {
            if (text.EndsWith(unit, StringComparison.Ordinal)
                && double.TryParse(text[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) && number > 0)
            {
                return TimeSpan.FromMilliseconds(Math.Max(1, Math.Round(number * seconds * 1000)));
            }
        }

        if (text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan span) && span > TimeSpan.Zero)
        {
            return span;
        }

        argument.AddError($"\"{text}\" is no duration; a positive one such as 500ms, 1s, 2m or 00:00:01 is expected.");
        return default;
    }
}
