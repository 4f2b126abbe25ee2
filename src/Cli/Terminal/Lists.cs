using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace FastStream.Cli;

/// <summary>Lists on the command line, separated by commas: <c>1,2,4</c>, <c>10k,100k,1m</c>.</summary>
internal static class Lists
{
    /// <summary>
    /// Returns the list of an option; null where the option was not given (the parser gives an empty list then).
    /// </summary>
    public static T[]? Given<T>(ParseResult parsed, Option<T[]> option) => parsed.GetValue(option) is { Length: > 0 } list ? list : null;

    /// <summary>
    /// Makes a parser for whole numbers in a range; the suffixes <c>k</c> and <c>m</c> mean thousands and millions.
    /// </summary>
    public static Func<ArgumentResult, int[]> OfNumbers(int least, int most) => argument =>
    {
        var numbers = new List<int>();
        foreach (string text in Parts(argument))
        {
            if (TryParse(text, out long number) && number >= least && number <= most)
            {
                numbers.Add((int)number);
            }
            else
            {
                argument.AddError(
                    $"{Name(argument)} has \"{text}\"; whole numbers from {least} to {most} are expected, with "
                    + $"commas between them, such as {Math.Max(least, 1)},{Math.Min(most, 1000)}.");
            }
        }

        return [.. numbers];
    };

    /// <summary>Makes a parser for names from a list.</summary>
    public static Func<ArgumentResult, string[]> OfNames(string[] known) => argument =>
    {
        string[] names = Parts(argument);
        foreach (string name in names.Except(known))
        {
            argument.AddError($"{Name(argument)} has \"{name}\"; expected are, with commas between them: {string.Join(", ", known)}.");
        }

        return names;
    };

    /// <summary>Parses a whole number, with <c>k</c> or <c>m</c> for thousands or millions.</summary>
    public static bool TryParse(string text, out long number)
    {
        long times = text.Length == 0 ? 1 : char.ToLowerInvariant(text[^1]) switch { 'k' => 1_000, 'm' => 1_000_000, _ => 1 };
        bool isNumber =
            double.TryParse(times == 1 ? text : text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value);
        number = isNumber && value * times < long.MaxValue ? (long)(value * times) : 0;
        return isNumber && value * times == number;
    }

    private static string[] Parts(ArgumentResult argument) =>
        [.. argument.Tokens.SelectMany(
            token => token.Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];

    private static string Name(ArgumentResult argument) =>
        argument.Parent is OptionResult result ? result.Option.Name : argument.Argument.Name;
}
