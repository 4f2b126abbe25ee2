using System.Globalization;
using System.Text.RegularExpressions;

namespace FastStream.Cli;

/// <summary>Finds the time in a log line.</summary>
internal sealed class LineTimes
{
    private static readonly string[] Formats = ["dd/MMM/yyyy:HH:mm:ss zzz", "yyyy-MM-dd HH:mm:ss,fff", "MMM d HH:mm:ss", "MMM dd HH:mm:ss"];

    private readonly Regex _pattern;

    /// <summary>Takes a name or an expression.</summary>
    /// <param name="pattern"><c>apache</c>, <c>iso</c>, or a regular expression: its first group is the time, or its
    /// whole match if it has none.</param>
    /// <exception cref="CommandException">The expression is not valid.</exception>
    public LineTimes(string pattern)
    {
        string expression = pattern switch
        {
            "apache" => @"\[([^\]]+)\]",
            "iso" => @"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?",
            _ => pattern,
        };
        try
        {
            _pattern = new Regex(expression, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
        }
        catch (ArgumentException error)
        {
            throw new CommandException(
                $"--timestamps is \"{pattern}\", which is no regular expression: {error.Message} `apache`, `iso` or "
                + "an expression is expected.", innerException: error);
        }
    }

    /// <summary>
    /// Returns the line's time; null where no time can be read. Numbers are seconds since the Unix epoch, or
    /// milliseconds where they are large.
    /// </summary>
    public DateTimeOffset? Of(string line)
    {
        Match match = _pattern.Match(line);
        if (!match.Success)
        {
            return null;
        }

        string text = match.Groups[match.Groups.Count > 1 ? 1 : 0].Value;
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number))
        {
            return DateTimeOffset.UnixEpoch.AddMilliseconds(number >= 1e11 ? number : number * 1000);
        }

        return DateTimeOffset
            .TryParseExact(text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset exact) ? exact
            : DateTimeOffset.TryParse(text.Replace(',', '.'), CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal, out DateTimeOffset any) ? any
            : null;
    }

    /// <summary>
    /// Computes when lines are due so that the gaps between them are those of their times, divided by a speed factor. A
    /// line without a time, or with an earlier one, goes with the line before it.
    /// </summary>
    public IEnumerable<DueLine> Due(IEnumerable<string> lines, double speed)
    {
        DateTimeOffset? first = null;
        var due = TimeSpan.Zero;
        foreach (string line in lines)
        {
            if (Of(line) is { } time)
            {
                first ??= time;
                TimeSpan at = (time - first.Value) / speed;
                due = at > due ? at : due;
            }

            yield return new DueLine(due, line);
        }
    }
}
