using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace FastStream.Cli;

/// <summary>
/// <c>faststream gc</c>: compares collector modes, each in a child process with its own runtime settings.
/// </summary>
internal static class CollectorCommand
{
    private const string About =
        "Compares modes of the garbage collector for jobs that allocate nothing, make strings, or keep much, and "
        + "prints the lines that set one.";
    private const double OthersBound = 0.1;

    public static Command Make(CommandOutput output)
    {
        string[] modes = [
            .. CollectorMode.Compared.Select(mode => mode.Name.Replace(", ", "+", StringComparison.Ordinal).Replace(' ', '-'))];
        var jobs = new Option<string[]>("--jobs")
            { Description = $"Jobs, with commas: {string.Join(", ", CollectorWorkload.Names)}; default all.",
                HelpName = "names", CustomParser = Lists.OfNames(CollectorWorkload.Names) };
        var chosen = new Option<string[]>("--modes")
            { Description = $"Modes, with commas: {string.Join(", ", modes)}; default all.", HelpName = "names",
                CustomParser = Lists.OfNames(modes) };
        var interval = new Option<TimeSpan?>("--interval")
            { Description = "Time between batches; default 100ms.", HelpName = "time",
                CustomParser = argument => Durations.Parse(argument) };
        var rate = new Option<int[]>("--rate")
            { Description = "Records a second for the latency; default 100k.", HelpName = "number",
                CustomParser = Lists.OfNumbers(1, 100_000_000) };
        var time = new Option<TimeSpan?>("--step-time")
            { Description = "How long each of the two measurements takes; default 5s.", HelpName = "time",
                CustomParser = argument => Durations.Parse(argument) };
        var report = new Option<string?>("--report")
            { Description = "Write gc.html, gc.md and gc.json into this folder.", HelpName = "folder" };
        var lines = new Option<string?>("--lines") { Description = "Measure nothing; print the lines that set a mode.", HelpName = "mode" };
        lines.AcceptOnlyFromAmong(modes);
        var json = new Option<bool>("--json") { Description = "Print all results as one JSON document." };
        var child = new Option<bool>("--as-child") { Hidden = true };
        var command = new Command("gc", About) { jobs, chosen, interval, rate, time, report, lines, json, child };
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(lines) is { } wanted)
            {
                PrintLines(output, CollectorMode.Compared[Array.IndexOf(modes, wanted)]);
                return ExitCode.Done;
            }

            TimeSpan every = parsed.GetValue(interval) ?? TimeSpan.FromMilliseconds(100);
            TimeSpan each = parsed.GetValue(time) ?? TimeSpan.FromSeconds(5);
            int steady = Lists.Given(parsed, rate) is [var given, ..] ? given : 100_000;
            string[] names = Lists.Given(parsed, jobs) ?? CollectorWorkload.Names;
            if (parsed.GetValue(child))
            {
                await output.Out.WriteLineAsync(
                    JsonSerializer.Serialize(await CollectorRun.RunAsync(names[0], steady, every, each, cancellation), JsonText.Lines));
                return ExitCode.Done;
            }

            CollectorMode[] compared = [
                .. (Lists.Given(parsed, chosen) ?? modes).Select(name => CollectorMode.Compared[Array.IndexOf(modes, name)])];
            CollectorReport all = await CompareAsync(names, compared, every, steady, each, output, cancellation);
            Print(all, parsed.GetValue(report), parsed.GetValue(json), output);
            return all.IsInterrupted
                ? ExitCode.Interrupted : all.Results.Any(result => result.OthersCpu > OthersBound) ? ExitCode.Unwell : ExitCode.Done;
        });
        return command;
    }

    private static async Task<CollectorReport> CompareAsync(
        string[] jobs, CollectorMode[] modes, TimeSpan interval, int rate, TimeSpan time, CommandOutput output,
        CancellationToken cancellation)
    {
        DateTimeOffset startedAt = TimeProvider.System.GetUtcNow();
        var results = new List<CollectorResult>();
        (string Job, CollectorMode Mode)[] all = [.. from job in jobs from mode in modes select (job, mode)];
        TimeSpan expected = TimeSpan.FromSeconds(6) + (time * 2.25);
        foreach ((string job, CollectorMode mode) in all.TakeWhile(_ => !cancellation.IsCancellationRequested))
        {
            output.Errors.WriteLine($"{job} with {mode.Name}; about {Times.Text(expected * (all.Length - results.Count))} left");
            string[] line =
            [
                "gc", "--as-child", "--jobs", job, "--interval", Times.Option(interval), "--rate",
                rate.ToString(CultureInfo.InvariantCulture), "--step-time", Times.Option(time),
            ];
            using ToolProcess child = ToolProcess.Start(line, mode.Settings, isRedirected: true, redirectsErrors: true);
            await using CancellationTokenRegistration stop = cancellation.Register(child.Interrupt);
            Task<string> errors = child.Process.StandardError.ReadToEndAsync(CancellationToken.None);
            string printed = await child.Process.StandardOutput.ReadToEndAsync(CancellationToken.None);
            await child.Process.WaitForExitAsync(CancellationToken.None);
            if (printed.Length > 0)
            {
                results.Add(JsonSerializer.Deserialize<CollectorResult>(printed, JsonText.Lines)! with { Mode = mode.Name });
            }
            else if (!cancellation.IsCancellationRequested)
            {
                throw new CommandException(
                    $"The child for {job} with {mode.Name} ended with {child.Process.ExitCode}: {(await errors).Trim()}", ExitCode.Failed);
            }
        }

        return new CollectorReport
        {
            Machine = MachineFacts.Read(),
            StartedAt = startedAt,
            IntervalMs = interval.TotalMilliseconds,
            SteadyRate = rate,
            IsInterrupted = cancellation.IsCancellationRequested,
            Results = results,
        };
    }

    private static void Print(CollectorReport report, string? folder, bool isJson, CommandOutput output)
    {
        if (folder is not null)
        {
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Combine(folder, "gc.json"), JsonSerializer.Serialize(report, JsonText.Document) + "\n");
            File.WriteAllText(Path.Combine(folder, "gc.md"), CollectorTable.Document(report));
            File.WriteAllText(Path.Combine(folder, "gc.html"), CollectorTable.Html(report));
        }

        if (isJson)
        {
            output.Out.WriteLine(JsonSerializer.Serialize(report, JsonText.Document));
            return;
        }

        foreach (IGrouping<string, CollectorResult> job in report.Results.GroupBy(result => result.Job))
        {
            output.Out.WriteLine($"{job.Key}: {CollectorWorkload.Named(job.Key).About}");
            if (output.IsTerminal)
            {
                output.Console.Write(CollectorTable.Of(job));
            }
            else
            {
                output.Out.WriteLine(string.Join('\n', CollectorTable.Markdown(job)));
            }

            output.Out.WriteLine(CollectorTable.Words(job.Key, [.. job]));
            output.Out.WriteLine();
        }

        output.Out.WriteLine(report.Machine.Text());
        if (report.Results.Where(result => result.OthersCpu > OthersBound).ToArray() is { Length: > 0 } noisy)
        {
            output.Out.WriteLine(
                $"The machine was not quiet: other processes used up to {noisy.Max(result => result.OthersCpu):0 %} "
                + "of it. Numbers of these runs are not comparable.");
        }

        if (report.IsInterrupted)
        {
            output.Out.WriteLine("Interrupted: this is what was measured by then.");
        }

        output.Out.WriteLine("`faststream gc --lines MODE` prints what sets a mode.");
    }

    private static void PrintLines(CommandOutput output, CollectorMode mode)
    {
        output.Out.WriteLine($"In the project, for {mode.Name}:");
        output.Out.WriteLine(string.Join('\n', mode.ProjectLines()));
        output.Out.WriteLine();
        output.Out.WriteLine("Or in runtimeconfig.template.json beside the project, or runtimeconfig.json beside the program:");
        output.Out.WriteLine(string.Join('\n', mode.RuntimeLines()));
        if (mode.VariableLines().ToArray() is { Length: > 0 } variables)
        {
            output.Out.WriteLine();
            output.Out.WriteLine("And in the environment of the program; there is no other place for it:");
            output.Out.WriteLine(string.Join('\n', variables));
        }
    }
}
