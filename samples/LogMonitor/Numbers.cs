using System.CommandLine.Parsing;
using System.Globalization;

namespace LogMonitor;

/// <summary>Whole numbers on the command line, in a range.</summary>
internal static class Numbers
{
    /// <summary>A parser that refuses what is no number from the least to the most, and says so.</summary>
    public static Func<ArgumentResult, int> Between(int least, int most) => argument =>
    {
        string text = argument.Tokens.Count > 0 ? argument.Tokens[0].Value : "";
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
            && number >= least && number <= most)
        {
            return number;
        }

        string option = argument.Parent is OptionResult result ? result.Option.Name : argument.Argument.Name;
        argument.AddError($"{option} is \"{text}\"; a whole number from {least} to {most} is expected.");
        return least;
    };
}
