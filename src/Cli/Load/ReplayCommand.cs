using System.CommandLine;
using System.Globalization;

namespace FastStream.Cli;

/// <summary><c>faststream replay</c>: sends a file's lines again, at a rate or with the gaps of their times.</summary>
internal static class ReplayCommand
{
    public static Command Make(CommandOutput output)
    {
        var file = new Argument<string>("file") { Description = "The file with lines." };
        var target = new Argument<string>("target") { Description = $"Where to: {LineTarget.Forms}." };
        var rate = new Option<int[]>("--rate")
            { Description = "Lines a second; default 1k.", HelpName = "number", CustomParser = Lists.OfNumbers(1, 100_000_000) };
        var timestamps = new Option<string?>("--timestamps")
            { Description = "Send lines as their times say: apache, iso, or a regular expression whose first group is the time.",
                HelpName = "pattern" };
        var speed = new Option<double?>("--speed")
            { Description = "How many times faster than their times say; default 1.", HelpName = "factor", CustomParser = Factor };
        var repeat = new Option<bool>("--repeat") { Description = "Begin again at the file's end, until Ctrl-C; with --rate." };
        Option<TimeSpan?> duration = CommonOptions.Duration("Stop after this time; default: at the file's end.");
        var json = new Option<bool>("--json") { Description = "Print what was sent as JSON on the error output." };
        var command = new Command("replay", "Sends the lines of a file: at a rate, or with the gaps that their times have.")
            { file, target, rate, timestamps, speed, repeat, duration, json };
        command.Validators.Add(result =>
        {
            if (result.GetResult(timestamps) is not null && (result.GetResult(rate) is not null || result.GetResult(repeat) is not null))
            {
                result.AddError(
                    "--timestamps is given together with --rate or --repeat; the times in the lines say when they "
                    + "are due. Leave one of them out.");
            }
            else if (result.GetResult(speed) is not null && result.GetResult(timestamps) is null)
            {
                result.AddError("--speed is given without --timestamps; add --timestamps, or give a --rate.");
            }
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            string path = parsed.GetRequiredValue(file);
            if (!File.Exists(path))
            {
                throw new CommandException($"{path} is not there; a file with lines is expected.");
            }

            IEnumerable<DueLine> lines = parsed.GetValue(timestamps) is { } pattern
                ? new LineTimes(pattern).Due(File.ReadLines(path), parsed.GetValue(speed) ?? 1)
                : (parsed.GetValue(repeat) ? Repeated(path) : File.ReadLines(path))
                    .Zip(Arrivals.Of("steady", Lists.Given(parsed, rate) is [var given, ..] ? given : 1_000, 1, new SeededRandom(1)),
                        (line, due) => new DueLine(due, line));
            await SendCommands.RunAsync(lines, parsed.GetRequiredValue(target), parsed.GetValue(duration),
                parsed.GetValue(json), output, cancellation);
            return ExitCode.Done;
        });
        return command;
    }

    private static IEnumerable<string> Repeated(string path)
    {
        if (new FileInfo(path).Length == 0)
        {
            throw new CommandException($"{path} is empty; a file with lines is expected.");
        }

        while (true)
        {
            foreach (string line in File.ReadLines(path))
            {
                yield return line;
            }
        }
    }

    private static double? Factor(System.CommandLine.Parsing.ArgumentResult argument)
    {
        string text = argument.Tokens.Count > 0 ? argument.Tokens[0].Value : "";
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double factor)
            && factor > 0 && double.IsFinite(factor))
        {
            return factor;
        }

        argument.AddError($"--speed is \"{text}\"; a number above 0 is expected.");
        return null;
    }
}
