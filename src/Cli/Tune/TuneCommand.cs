using System.CommandLine;
using System.Globalization;

namespace FastStream.Cli;

/// <summary><c>faststream tune</c>: the shortest batch interval that a job keeps up with.</summary>
internal static class TuneCommand
{
    private const string About =
        "Finds the batch interval for a job: begins long, goes down while processing keeps up, and says why it stops.";

    private const string AboutJob =
        "The assembly (.dll), project or folder of a job of your own, with its own sources; instead of --workload.";

    public static Command Make(CommandOutput output)
    {
        var job = new Option<string?>("--job") { HelpName = "path", Description = AboutJob };
        var className = new Option<string?>("--class") { HelpName = "name", Description = "The job's class, where there are several." };
        var workload = new Option<string>("--workload")
            { Description =
                $"A built-in job: {string.Join("; ", Workload.Known.Select(each => $"{each.Name} ({each.About})"))}; default log.",
                HelpName = "name" };
        workload.AcceptOnlyFromAmong(Workload.Names);
        var source = new Option<string>("--source")
            { Description = "Where its lines come from: memory (default), socket, file.", HelpName = "name" };
        source.AcceptOnlyFromAmong(Feed.Names);
        var rate = new Option<int[]>("--rate")
            { HelpName = "numbers", Description = "Lines a second for it, several with commas: 50k,100k; default 100k.",
                CustomParser = Lists.OfNumbers(1, 100_000_000) };
        var from = Duration("--from", "The first interval; default 10s.");
        var least = Duration("--to", "The least interval that is tried; default 1ms.");
        var stepTime = Duration("--step-time", "How long a step is measured, at least six intervals; default 10s.");
        var refinements = new Option<int?>("--refine")
            { HelpName = "number",
                Description = "The most steps between the last stable and the first unstable interval; default 3.",
                CustomParser = argument => Numbers.Between(0, 20)(argument) };
        var margin = new Option<int?>("--margin")
            { HelpName = "percent",
                Description = "Percent of the interval that the recommended one leaves free at p95; default 25.",
                CustomParser = argument => Numbers.Between(0, 90)(argument) };
        var partitions = new Option<int[]>("--partitions")
            { HelpName = "numbers",
                Description = "Partitions, several with commas: 1,2,4; default: one for each processor.",
                CustomParser = Lists.OfNumbers(1, 1024) };
        var gc = new Option<string[]>("--gc")
            { Description = $"Collector modes, several with commas: {string.Join(", ", CollectorMode.Names)}.",
                CustomParser = Lists.OfNames(CollectorMode.Names), HelpName = "modes" };
        var others = new Option<int?>("--others")
            { HelpName = "percent",
                Description = "Percent of the machine that other processes may use before a step that did not keep up "
                    + "counts as spoilt; default 10.",
                CustomParser = argument => Numbers.Between(0, 100)(argument) };
        var report = new Option<string?>("--report")
            { Description = "Write tune.html, tune.svg, tune.md and tune.json into this folder.", HelpName = "folder" };
        var json = new Option<bool>("--json") { Description = "Print all results as one JSON document." };
        var child = new Option<bool>("--as-child") { Hidden = true };

        var command = new Command("tune", About)
            { job, className, workload, source, rate, from, least, stepTime, refinements, margin, partitions, gc,
                others, report, json, child };
        command.Validators.Add(result =>
        {
            if (result.GetResult(job) is not null
                && (result.GetResult(workload) ?? result.GetResult(source) ?? result.GetResult(rate)) is not null)
            {
                result.AddError(
                    "--job is given together with --workload, --source or --rate; a job has sources and a rate of "
                    + "its own. Leave one of them out.");
            }
        });
        command.SetAction((parsed, cancellation) =>
        {
            var defaults = new TuneOptions();
            var options = new TuneOptions
            {
                Job = parsed.GetValue(job),
                ClassName = parsed.GetValue(className),
                Workload = parsed.GetValue(workload) ?? defaults.Workload,
                Source = parsed.GetValue(source) ?? defaults.Source,
                Rates = Lists.Given(parsed, rate) ?? defaults.Rates,
                Partitions = Lists.Given(parsed, partitions) ?? defaults.Partitions,
                Gc = Lists.Given(parsed, gc) ?? defaults.Gc,
                From = parsed.GetValue(from) ?? defaults.From,
                Least = parsed.GetValue(least) ?? defaults.Least,
                StepTime = parsed.GetValue(stepTime) ?? defaults.StepTime,
                Refinements = parsed.GetValue(refinements) ?? defaults.Refinements,
                Margin = parsed.GetValue(margin) / 100.0 ?? defaults.Margin,
                OthersLimit = parsed.GetValue(others) / 100.0 ?? defaults.OthersLimit,
            };
            return parsed.GetValue(child)
                ? RunAsChildAsync(options, output, cancellation)
                : RunAsync(options, parsed.GetValue(report), parsed.GetValue(json), output, cancellation);
        });
        return command;
    }

    private static Option<TimeSpan?> Duration(string name, string description) =>
        new(name) { Description = description, HelpName = "time", CustomParser = argument => Durations.Parse(argument) };

    private static async Task<int> RunAsync(TuneOptions options, string? folder, bool isJson, CommandOutput output,
        CancellationToken cancellation)
    {
        if (options.Least > options.From)
        {
            throw new CommandException(
                $"--to is {Times.Text(options.Least)}, longer than --from, {Times.Text(options.From)}; the least "
                + "interval is expected to be the shorter one.");
        }

        TuneReport report = await new Tuner(options, output, showsLive: output.IsTerminal && !isJson).RunAsync(cancellation);
        if (folder is not null)
        {
            TuneFiles.Write(report, folder);
        }

        if (isJson)
        {
            await output.Out.WriteLineAsync(System.Text.Json.JsonSerializer.Serialize(report, JsonText.Document));
        }
        else
        {
            Print(report, folder, output);
        }

        return report.IsInterrupted ? ExitCode.Interrupted : report.Best() is null ? ExitCode.Unwell : ExitCode.Done;
    }

    private static async Task<int> RunAsChildAsync(TuneOptions options, CommandOutput output, CancellationToken cancellation)
    {
        var relay = new RelayedProgress(output.Out);
        using TunedJob job = await Tuner.MakeJobAsync(options, options.Rates[0], output, cancellation);
        relay.Ends(await SeriesRunner
            .RunAsync(job, options, options.Partitions[0], options.Job is null ? options.Rates[0] : null, relay, cancellation));
        return ExitCode.Done;
    }

    private static void Print(TuneReport report, string? folder, CommandOutput output)
    {
        foreach (TuneSeries series in report.Series)
        {
            output.Out.WriteLine($"{report.Job}; {series.Title()}");
            if (output.IsTerminal)
            {
                output.Console.Write(TuneTable.Of(series.Steps, series.RecommendedMs));
            }
            else
            {
                foreach (string line in TuneTable.Markdown(series.Steps, series.RecommendedMs))
                {
                    output.Out.WriteLine(line);
                }
            }

            output.Out.WriteLine(series.Advice);
            output.Out.WriteLine();
        }

        if (report.Series.Count > 1 && report.Best() is { } best)
        {
            output.Out.WriteLine($"Least recommended interval: {TuneTable.Ms(best.RecommendedMs!.Value)}, with {best.Title()}.");
        }

        output.Out.WriteLine(report.Machine.Text());
        if (report.IsInterrupted)
        {
            output.Out.WriteLine("Interrupted: this is what was measured by then.");
        }

        if (folder is not null)
        {
            output.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Path.Combine(folder, "tune.html")} has the charts."));
        }
    }
}
