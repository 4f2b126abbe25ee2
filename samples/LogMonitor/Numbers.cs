using System.CommandLine.Parsing;
using System.Globalization;

namespace LogMonitor;

/// <summary>Whole numbers on the command line, within a range.</summary>
internal static class Numbers
{
    /// <summary>
    /// Makes a parser that refuses everything but a number from the least to the most, with a message.
    /// </summary>
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
