using System.CommandLine;
using System.Globalization;
using System.Reflection;
using System.Text.Json;

namespace FastStream.Cli;

/// <summary>
/// <c>faststream bench</c>: runs the built-in workloads at full load, in rounds, and prints a text to paste.
/// </summary>
internal static class BenchCommand
{
    private const int Rounds = 5;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    public static Command Make(CommandOutput output)
    {
        var workloads = new Option<string[]>("--workloads")
            { Description = $"Workloads, with commas: {string.Join(", ", Workload.Names)}; default all.",
                HelpName = "names", CustomParser = Lists.OfNames(Workload.Names) };
        var time = new Option<TimeSpan?>("--step-time")
            { Description = "How long each of the five rounds of a workload takes; default 3s.", HelpName = "time",
                CustomParser = argument => Durations.Parse(argument) };
        var compare = new Option<string?>("--compare") { Description = "Compare with an earlier run's --json.", HelpName = "file" };
        var json = new Option<bool>("--json") { Description = "Print all results as one JSON document, for --compare." };
        var command =
            new Command("bench",
                "Times the built-in workloads, in less than two minutes, and says when the machine was too busy to believe it.")
                    { workloads, time, compare, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            BenchReport? before = parsed.GetValue(compare) is { } file ? Read(file) : null;
            BenchReport report =
                await RunAsync(Lists.Given(parsed, workloads)
                    ?? Workload.Names, parsed.GetValue(time) ?? TimeSpan.FromSeconds(3), output, cancellation);
            TextWriter text = parsed.GetValue(json) ? output.Errors : output.Out;
            if (parsed.GetValue(json))
            {
                await output.Out.WriteLineAsync(JsonSerializer.Serialize(report, JsonText.Document));
            }

            return Print(report, before, text);
        });
        return command;
    }

    private static async Task<BenchReport> RunAsync(string[] names, TimeSpan time, CommandOutput output, CancellationToken cancellation)
    {
        DateTimeOffset startedAt = TimeProvider.System.GetUtcNow();
        var rounds = names.ToDictionary(name => name, _ => new List<BenchRound>(), StringComparer.Ordinal);

        // Each round runs all workloads: a disturbance hits one round of each, not all rounds of one. The first round
        // warms up.
        for (int round = 0; round <= Rounds; round++)
        {
            await output.Errors.WriteLineAsync(round == 0
                ? "Warming up …" : string.Create(CultureInfo.InvariantCulture, $"Round {round} of {Rounds}"));
            foreach (string name in names)
            {
                BenchRound measured = await CollectorRun.RoundAsync(Workload.Named(name), Interval, time, cancellation);
                if (round > 0)
                {
                    rounds[name].Add(measured);
                }
            }
        }

        return new BenchReport
        {
            Machine = MachineFacts.Read(),
            Version = typeof(StreamingContext).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
                ?? "unknown",
            StartedAt = startedAt,
            Results = [.. names.Select(
                name => BenchJudge.Of(name, rounds[name], Workload.Named(name).MakeLines().Average(line => line.Length + 1)))],
        };
    }

    private static int Print(BenchReport report, BenchReport? before, TextWriter text)
    {
        text.WriteLine($"FastStream {report.Version}; {report.Machine.Text()}; {report.Machine.Collector}");
        text.WriteLine("| workload | ns/record | MB/s | B/record | spread | others' CPU |");
        text.WriteLine("|:--|--:|--:|--:|--:|--:|");
        foreach (BenchResult result in report.Results)
        {
            text.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {result.Workload} | {result.NanosecondsPerRecord:0.#} | {result.MegabytesPerSecond:0} | "
                    + $"{result.AllocatedBytesPerRecord:0.##} | {result.Spread:0 %} | "
                    + $"{(result.OthersCpu is { } others ? others.ToString("0 %", CultureInfo.InvariantCulture) : "?")} |"));
        }

        foreach (BenchResult result in report.Results)
        {
            if (before?.Results.FirstOrDefault(each => each.Workload == result.Workload) is { } earlier)
            {
                text.WriteLine(BenchJudge.Compare(result, earlier));
            }
        }

        string[] noise = [.. report.Results.Select(BenchJudge.Noise).OfType<string>()];
        foreach (string reason in noise)
        {
            text.WriteLine($"Not to be believed. {reason}. Run it again on a quiet machine.");
        }

        return noise.Length > 0 ? ExitCode.Unwell : ExitCode.Done;
    }

    private static BenchReport Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<BenchReport>(File.ReadAllText(file), JsonText.Document)!;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            throw new CommandException(
                $"{file} cannot be compared with: {error.Message} The output of an earlier `faststream bench --json` is expected.",
                innerException: error);
        }
    }
}
