using System.Globalization;

namespace FastStream.Cli;

/// <summary>
/// Runs all requested series: a single one in this process, several each in a child with its own runtime settings.
/// </summary>
internal sealed class Tuner(TuneOptions options, CommandOutput output, bool showsLive)
{
    /// <summary>Runs the series in turn; when interrupted, returns the results so far.</summary>
    public async Task<TuneReport> RunAsync(CancellationToken cancellation)
    {
        DateTimeOffset startedAt = TimeProvider.System.GetUtcNow();
        (int? Rate, int Partitions, string? Gc)[] settings =
        [
            .. from rate in options.Job is null ? options.Rates.Select(rate => (int?)rate) : [null]
               from partitions in options.Partitions
               from gc in options.Gc.Count > 0 ? (IReadOnlyList<string?>)options.Gc : (IReadOnlyList<string?>)[null]
               select (rate, partitions, gc),
        ];
        var all = new List<TuneSeries>();
        string? name = null;
        foreach ((int? rate, int partitions, string? gc) in settings)
        {
            if (cancellation.IsCancellationRequested)
            {
                break;
            }

            if (settings.Length > 1)
            {
                output.Errors.WriteLine(
                    string.Join(", ", new[] { rate is null
                        ? null : string.Create(CultureInfo.InvariantCulture, $"{rate:N0} records/s"),
                        $"partitions: {partitions}", gc }.OfType<string>()));
            }

            await using LiveTuneProgress? live = showsLive ? new LiveTuneProgress(output) : null;
            ITuneProgress progress = live is not null ? live : new LineTuneProgress(output);
            if (settings.Length == 1 && gc is null)
            {
                using TunedJob job = await MakeJobAsync(options, rate ?? 0, output, cancellation);
                name = job.Name;
                all.Add(await SeriesRunner.RunAsync(job, options, partitions, rate, progress, cancellation));
            }
            else
            {
                TuneSeries? series = await RunChildAsync(rate, partitions, gc, progress, cancellation);
                if (series is not null)
                {
                    all.Add(gc is null ? series : series with { Gc = gc });
                }
            }
        }

        return new TuneReport
        {
            Job = name ?? (options.Job is { } file
                ? options.ClassName ?? Path.GetFileNameWithoutExtension(file) : $"{options.Workload} from {options.Source}"),
            Machine = MachineFacts.Read(),
            StartedAt = startedAt,
            Margin = options.Margin,
            IsInterrupted = cancellation.IsCancellationRequested,
            Series = all,
        };
    }

    /// <summary>Makes the job to measure; builds a user's project first.</summary>
    public static async Task<TunedJob> MakeJobAsync(TuneOptions options, int rate, CommandOutput output, CancellationToken cancellation)
    {
        if (options.Job is not { } named)
        {
            return new WorkloadJob(Workload.Named(options.Workload), options.Source, rate);
        }

        return new AssemblyJob(JobAssembly.Load(await JobFile.FindAsync(named, output, cancellation)), options.ClassName);
    }

    private async Task<TuneSeries?> RunChildAsync(int? rate, int partitions, string? gc, ITuneProgress progress,
        CancellationToken cancellation)
    {
        string[] what = options.Job is { } job
            ? ["--job", await JobFile.FindAsync(job, output, cancellation), .. options.ClassName is { } className
                ? new[] { "--class", className } : []]
            : ["--workload", options.Workload, "--source", options.Source, "--rate", Number(rate!.Value)];
        string[] line =
        [
            "tune", "--as-child", .. what, "--partitions", Number(partitions), "--from", Times.Option(options.From),
            "--to", Times.Option(options.Least), "--step-time", Times.Option(options.StepTime),
            "--refine", Number(options.Refinements), "--margin", Number((int)(options.Margin * 100)), "--others",
            Number((int)(options.OthersLimit * 100)),
        ];
        using ToolProcess child =
            ToolProcess.Start(line, gc is null ? [] : CollectorMode.Named(gc).Settings, isRedirected: true, redirectsErrors: true);
        await using CancellationTokenRegistration stop = cancellation.Register(child.Interrupt);
        Task<string> errors = child.Process.StandardError.ReadToEndAsync(CancellationToken.None);
        TuneSeries? series = await RelayedProgress.ReadAsync(child.Process.StandardOutput, progress);
        await child.Process.WaitForExitAsync(CancellationToken.None);
        return series is null && !cancellation.IsCancellationRequested
            ? throw new CommandException(
                $"The child for {partitions} partitions, {gc ?? "the tool's collector"} ended with "
                + $"{child.Process.ExitCode}: {(await errors).Trim()}", ExitCode.Failed)
            : series;
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
