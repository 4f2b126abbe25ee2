using System.Globalization;
using System.Runtime;

namespace FastStream.Cli;

/// <summary>Measures one job under this process's collector: at a steady rate, then at full load.</summary>
internal static class CollectorRun
{
    private const int FloodRate = 20_000_000;

    public static async Task<CollectorResult> RunAsync(string name, int steadyRate, TimeSpan interval, TimeSpan time,
        CancellationToken cancellation)
    {
        Workload workload = CollectorWorkload.Named(name);
        var judge = new StabilityJudge(othersLimit: 1);
        StepResult steady;
        using (var job = new WorkloadJob(workload, "memory", steadyRate))
        using (var runner = new StepRunner(job, Environment.ProcessorCount, judge, time))
        {
            await runner.WarmUpAsync(interval, cancellation);
            steady = await runner.RunAsync(interval, cancellation);
        }

        using var flood = new WorkloadJob(workload, "memory", FloodRate);
        (RecordedStepBatch[] batches, PauseNumbers pauses, double heap, double? others, double seconds) =
            await FloodAsync(flood, interval, time, cancellation);
        long records = batches.Sum(batch => batch.Records);
        double busy = batches.Sum(batch => batch.Processing.TotalSeconds);
        return new CollectorResult
        {
            Job = name,
            Mode = MachineFacts.CollectorName(),
            RecordsPerSecond = Math.Round(busy == 0 ? 0 : records / busy),
            Pauses = pauses.Pauses,
            PauseP50Ms = Round(pauses.Median),
            PauseP99Ms = Round(pauses.Percentile99),
            PauseMaxMs = Round(pauses.Longest),
            PauseShare = Math.Round(pauses.Total.TotalSeconds / seconds, 5),
            AllocatedBytesPerRecord = Math.Round(records == 0 ? 0 : (double)pauses.AllocatedBytes / records, 2),
            HeapMegabytes = Math.Round(heap / 1e6, 1),
            LatencyP50Ms = steady.LatencyMs.P50,
            LatencyP99Ms = steady.LatencyMs.P99,
            Steady = steady.Verdict,
            OthersCpu = others is { } share ? Math.Round(share, 3) : null,
            Runtime = RuntimeText(),
        };
    }

    /// <summary>
    /// Runs one round of a workload at full load, and measures what a record costs while batches are processed.
    /// </summary>
    public static async Task<BenchRound> RoundAsync(Workload workload, TimeSpan interval, TimeSpan time, CancellationToken cancellation)
    {
        using var job = new WorkloadJob(workload, "memory", FloodRate);
        (RecordedStepBatch[] batches, PauseNumbers pauses, _, double? others, _) = await FloodAsync(job, interval, time, cancellation);
        double records = Math.Max(1, batches.Sum(batch => batch.Records));
        return new BenchRound(batches.Sum(batch => batch.Processing.TotalNanoseconds) / records, pauses.AllocatedBytes / records, others);
    }

    private static async Task<(RecordedStepBatch[] Batches, PauseNumbers Pauses, double Heap, double? Others, double Seconds)> FloodAsync(
        WorkloadJob job, TimeSpan interval, TimeSpan time, CancellationToken cancellation)
    {
        TimeProvider clock = TimeProvider.System;
        var recorder = new FloodRecorder();
        await using var context = new StreamingContext(new StreamingOptions { Name = "gc", BatchInterval = interval });
        context.AddListener(recorder);
        job.Describe(context);
        using var pauses = new PauseRecorder();
        context.Start();
        await Task.Delay(time / 4, cancellation);   // lets the states fill up
        pauses.Reset();
        recorder.Reset();
        var load = new MachineLoad();
        DateTimeOffset from = clock.GetUtcNow();
        while (clock.GetUtcNow() - from < time || recorder.Batches.Length == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), cancellation);
            if (context.Completion.IsFaulted)
            {
                await context.Completion;
            }
        }

        RecordedStepBatch[] batches = recorder.Batches;
        PauseNumbers numbers = pauses.Read();
        double heap = Math.Max(GC.GetGCMemoryInfo(GCKind.Any).HeapSizeBytes, GC.GetTotalMemory(forceFullCollection: false));
        double? others = load.Others();
        double seconds = (clock.GetUtcNow() - from).TotalSeconds;
        await context.StopAsync(StopMode.Immediate, CancellationToken.None);
        return (batches, numbers, heap, others, seconds);
    }

    private static double Round(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);

    private static string RuntimeText()
    {
        IReadOnlyDictionary<string, object> variables = GC.GetConfigurationVariables();
        string[] shown = ["ServerGC", "ConcurrentGC", "GCDynamicAdaptationMode", "GCConserveMem"];
        return string.Join(
            ", ",
            [
                $"{GCSettings.LatencyMode}",
                .. shown.Where(variables.ContainsKey)
                    .Select(name => string.Create(CultureInfo.InvariantCulture, $"{name} {variables[name]}")),
                $"TieredPGO {(AppContext.TryGetSwitch("System.Runtime.TieredPGO", out bool isOn) ? isOn : "default")}",
                $"GCgen0size {Environment.GetEnvironmentVariable("DOTNET_GCgen0size") ?? "default"}",
            ]);
    }

    /// <summary>
    /// Sums the batches since the last reset. The engine's events come one at a time; other threads read.
    /// </summary>
    private sealed class FloodRecorder : StreamingListener
    {
        private readonly Lock _lock = new();
        private readonly List<RecordedStepBatch> _batches = [];

        public RecordedStepBatch[] Batches
        {
            get
            {
                lock (_lock)
                {
                    return [.. _batches];
                }
            }
        }

        public override void OnBatchCompleted(BatchInfo batch)
        {
            DateTimeOffset due = batch.Time.ToDateTimeOffset();
            lock (_lock)
            {
                _batches.Add(
                    new RecordedStepBatch(due, TimeSpan.Zero, batch.ProcessingTime
                        ?? TimeSpan.Zero, batch.EndedAt ?? due, 0, batch.RecordCount));
            }
        }

        public void Reset()
        {
            lock (_lock)
            {
                _batches.Clear();
            }
        }
    }
}
