using System.CommandLine;
using System.Text.Json;

namespace FastStream.Cli;

/// <summary><c>faststream gen</c>: generates lines at a rate.</summary>
internal static class GenCommand
{
    public static Command Make(CommandOutput output)
    {
        var target = new Argument<string>("target") { Description = $"Where to: {LineTarget.Forms}." };
        var rate = new Option<int[]>("--rate")
            { Description = "Lines a second in the mean; default 1k.", HelpName = "number",
                CustomParser = Lists.OfNumbers(1, 100_000_000) };
        var pattern = new Option<string>("--pattern")
            { Description = $"How they come: {string.Join(", ", Arrivals.Patterns)}; default steady.", HelpName = "name" };
        pattern.AcceptOnlyFromAmong(Arrivals.Patterns);
        var burst = new Option<int?>("--burst")
            { Description = "Lines of a burst, with --pattern bursts; default 100.", HelpName = "number",
                CustomParser = argument => Numbers.Between(1, 1_000_000)(argument) };
        var count = new Option<int[]>("--count")
            { Description = "Stop after this many lines.", HelpName = "number", CustomParser = Lists.OfNumbers(1, int.MaxValue) };
        Option<TimeSpan?> duration = CommonOptions.Duration("Stop after this time; default: at Ctrl-C.");
        var template = new Option<string?>("--template")
            { Description = $"A line with fields: {LineTemplate.Fields}. Without: lines of --workload.", HelpName = "text" };
        var workload = new Option<string>("--workload")
            { Description = $"Lines of a built-in job: {string.Join(", ", Workload.Names)}; default log.", HelpName = "name" };
        workload.AcceptOnlyFromAmong(Workload.Names);
        var keys = new Option<int?>("--keys")
            { Description = "Different keys of {key}; default 1000.", HelpName = "number",
                CustomParser = argument => Numbers.Between(1, 10_000_000)(argument) };
        var zipf = new Option<double>("--zipf")
            { Description = "How uneven keys are: 0 evenly, 1 Zipf's law; default 1.", HelpName = "exponent",
                DefaultValueFactory = _ => 1 };
        var seed = new Option<ulong>("--seed")
            { Description = "The same seed gives the same lines; default 1.", HelpName = "number", DefaultValueFactory = _ => 1 };
        var json = new Option<bool>("--json") { Description = "Print what was sent as JSON on the error output." };
        var command =
            new Command("gen", "Makes lines at a rate and sends them: steady, by chance, in bursts; with uneven keys and a template.")
        {
            target, rate, pattern, burst, count, duration, template, workload, keys, zipf, seed, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            TimeProvider clock = TimeProvider.System;
            var random = new SeededRandom(parsed.GetValue(seed));
            DateTimeOffset begun = clock.GetUtcNow();
            double lines = Lists.Given(parsed, rate) is [var given, ..] ? given : 1_000;
            Func<long, TimeSpan, string> make;
            if (parsed.GetValue(template) is { } text)
            {
                var made = new LineTemplate(text, parsed.GetValue(keys) ?? 1_000, parsed.GetValue(zipf), random);
                make = (number, due) => made.Next(number, begun + due);
            }
            else
            {
                Workload known = Workload.Named(parsed.GetValue(workload) ?? "log");
                make = (_, _) => known.Line(random);
            }

            int most = Lists.Given(parsed, count) is [var limit, ..] ? limit : int.MaxValue;
            IEnumerable<DueLine> all =
                Arrivals.Of(parsed.GetValue(pattern)
                    ?? "steady", lines, parsed.GetValue(burst) ?? 100, new SeededRandom(parsed.GetValue(seed) + 1))
                .Select((due, number) => new DueLine(due, make(number, due)))
                .Take(most);
            await SendCommands.RunAsync(all, parsed.GetRequiredValue(target), parsed.GetValue(duration),
                parsed.GetValue(json), output, cancellation);
            return ExitCode.Done;
        });
        return command;
    }
}

/// <summary>What the sending commands have in common.</summary>
internal static class SendCommands
{
    /// <summary>Opens the target, sends the lines, and reports what was sent.</summary>
    public static async Task RunAsync(IEnumerable<DueLine> lines, string target, TimeSpan? duration, bool isJson,
        CommandOutput output, CancellationToken cancellation)
    {
        await using LineTarget opened = await LineTarget.OpenAsync(target, output, cancellation);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (duration is { } time)
        {
            stop.CancelAfter(time);
        }

        SentNumbers sent = await LineSender.SendAsync(lines, opened, TimeProvider.System, stop.Token);
        await output.Errors.WriteLineAsync(isJson ? JsonSerializer.Serialize(sent, JsonText.Lines) : sent.Text());
    }
}
