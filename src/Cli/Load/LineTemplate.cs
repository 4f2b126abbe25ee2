using System.Globalization;
using System.Text;

namespace FastStream.Cli;

/// <summary>Makes lines from a text with fields in braces.</summary>
/// <remarks>
/// <c>{n}</c> the line's number from 0; <c>{key}</c> a key; <c>{int:1-100}</c> a number in a range;
/// <c>{pick:GET|POST}</c> one of several texts; <c>{time}</c> the time that the line is due.
/// </remarks>
internal sealed class LineTemplate
{
    public const string Fields = "{n}, {key}, {int:1-100}, {pick:GET|POST}, {time}";

    private delegate void Part(StringBuilder line, long number, DateTimeOffset due);

    private readonly List<Part> _parts = [];
    private readonly SeededRandom _random;
    private readonly ZipfRanks _keys;
    private readonly StringBuilder _line = new();

    /// <summary>Reads a template.</summary>
    /// <param name="template">The text.</param>
    /// <param name="keys">Number of different keys: 1 or more.</param>
    /// <param name="zipf">The skew of the keys: 0 for uniform, 1 for Zipf's law.</param>
    /// <param name="random">The source of all random choices.</param>
    /// <exception cref="CommandException">The template has an unknown field.</exception>
    public LineTemplate(string template, int keys, double zipf, SeededRandom random)
    {
        _random = random;
        _keys = new ZipfRanks(keys, zipf);
        int at = 0;
        while (template.IndexOf('{', at) is >= 0 and var open && template.IndexOf('}', open) is >= 0 and var close)
        {
            AddText(template[at..open]);
            Add(template[(open + 1)..close]);
            at = close + 1;
        }

        AddText(template[at..]);
    }

    /// <summary>Makes the next line.</summary>
    public string Next(long number, DateTimeOffset due)
    {
        _line.Clear();
        foreach (Part part in _parts)
        {
            part(_line, number, due);
        }

        return _line.ToString();
    }

    private void AddText(string text)
    {
        if (text.Length > 0)
        {
            _parts.Add((line, _, _) => line.Append(text));
        }
    }

    private void Add(string field)
    {
        string[] words = field.Split(':', 2);
        switch (words)
        {
            case ["n"]:
                _parts.Add((line, number, _) => line.Append(CultureInfo.InvariantCulture, $"{number}"));
                break;
            case ["key"]:
                _parts.Add((line, _, _) => line.Append(CultureInfo.InvariantCulture, $"key-{_keys.Next(_random)}"));
                break;
            case ["time"]:
                _parts.Add((line, _, due) => line.Append(CultureInfo.InvariantCulture, $"{due:yyyy-MM-ddTHH:mm:ss.fffZ}"));
                break;
            case ["pick", var choices]:
                string[] texts = choices.Split('|');
                _parts.Add((line, _, _) => line.Append(texts[_random.Below(texts.Length)]));
                break;
            case ["int", var range] when TryRange(range, out int least, out int most):
                _parts.Add((line, _, _) => line.Append(CultureInfo.InvariantCulture, $"{least + _random.Below(most - least + 1)}"));
                break;
            default:
                throw new CommandException($"--template has the field {{{field}}}; expected are {Fields}.");
        }
    }

    private static bool TryRange(string range, out int least, out int most)
    {
        most = 0;
        string[] ends = range.Split('-');
        return int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out least)
            && ends.Length == 2 && int.TryParse(ends[1], NumberStyles.None, CultureInfo.InvariantCulture, out most)
            && most >= least && most < int.MaxValue;
    }
}
