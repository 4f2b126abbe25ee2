namespace FastStream.Cli;

/// <summary>Runs a job at one interval, after a warm-up and for long enough, and judges it.</summary>
internal sealed class StepRunner(TunedJob job, int partitions, StabilityJudge judge, TimeSpan stepTime) : IDisposable
{
    private const int MeasuredBatches = 6;
    private const int WarmBatches = 2;
    private static readonly TimeSpan LeastWarmUp = TimeSpan.FromSeconds(2);

    private readonly PauseRecorder _pauses = new();

    /// <summary>Returns the longest time that a step takes.</summary>
    public TimeSpan Expected(TimeSpan interval) => WarmUp(interval) + Measured(interval);

    /// <summary>Runs the job for a while so that its code is compiled; measures nothing.</summary>
    public async Task WarmUpAsync(TimeSpan interval, CancellationToken cancellation)
    {
        TimeSpan shortInterval = TimeSpan.FromMilliseconds(Math.Min(interval.TotalMilliseconds, 100));
        await using Step step = Begin(shortInterval);
        await WaitAsync(LeastWarmUp, step, cancellation);
    }

    /// <summary>Runs one step.</summary>
    /// <exception cref="StreamingException">A batch failed.</exception>
    public async Task<StepResult> RunAsync(TimeSpan interval, CancellationToken cancellation)
    {
        TimeProvider clock = TimeProvider.System;
        await using Step step = Begin(interval);
        await WaitAsync(WarmUp(interval), step, cancellation);
        _pauses.Reset();
        var load = new MachineLoad();
        DateTimeOffset from = clock.GetUtcNow();
        await WaitAsync(Measured(interval), step, cancellation);
        DateTimeOffset to = clock.GetUtcNow();
        return ToResult(interval, step, from, to, _pauses.Read(), load.Others());
    }

    public void Dispose() => _pauses.Dispose();

    private static TimeSpan WarmUp(TimeSpan interval) => interval * WarmBatches > LeastWarmUp ? interval * WarmBatches : LeastWarmUp;

    // Whole intervals plus half a one, so that the last batch can end.
    private TimeSpan Measured(TimeSpan interval) =>
        interval * (MeasuredBatches + 0.5) > stepTime ? interval * (MeasuredBatches + 0.5) : stepTime;

    private static async Task WaitAsync(TimeSpan time, Step step, CancellationToken cancellation)
    {
        using var elapsed = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task delay = Task.Delay(time, elapsed.Token);
        await Task.WhenAny(delay, step.Recorder.Hopeless, step.Context.Completion);
        await elapsed.CancelAsync();
        cancellation.ThrowIfCancellationRequested();
        if (step.Context.Completion.IsCompleted)
        {
            await step.Context.Completion;   // throws the failure
            throw new CommandException(
                "The job stopped by itself while it was measured; a job that keeps running is expected, so that its batches can be timed.",
                ExitCode.Failed);
        }
    }

    private Step Begin(TimeSpan interval)
    {
        var context = new StreamingContext(new StreamingOptions { Name = "tune", BatchInterval = interval, Partitions = partitions });
        var recorder = new StepRecorder(interval);
        context.AddListener(recorder);
        Feed? feed = job.Describe(context);
        context.Start();
        return new Step(context, recorder, feed, feed?.Start(context));
    }

    private StepResult ToResult(TimeSpan interval, Step step, DateTimeOffset from, DateTimeOffset to,
        PauseNumbers pauses, double? othersCpu)
    {
        RecordedStepBatch[] batches = step.Recorder.Between(from, to);
        BatchSample[] samples = [
            .. batches.Select(batch => new BatchSample(batch.Due - batches[0].Due, batch.Delay, batch.Processing, batch.Records))];
        double offered = step.Feed?.RecordsPerSecond ?? 0;
        Verdict verdict = judge.Judge(new StepSamples
        {
            Interval = interval,
            Length = to - from,
            Batches = samples,
            OfferedPerSecond = step.Feed is null ? null : offered,
            OthersCpu = othersCpu ?? 0,
        });

        var processing = new Histogram();
        var delay = new Histogram();
        var latency = new Histogram();
        foreach (RecordedStepBatch batch in batches)
        {
            processing.Add(batch.Processing);
            delay.Add(batch.Delay);
            batch.AddLatency(latency, step.Origin, offered, interval);
        }

        long records = batches.Sum(batch => batch.Records);
        double seconds = (to - from).TotalSeconds;
        return new StepResult
        {
            IntervalMs = interval.TotalMilliseconds,
            Verdict = verdict.Kind,
            Reason = verdict.Reason,
            MeasuredSeconds = Math.Round(seconds, 1),
            Batches = batches.Length,
            Records = records,
            ProcessingMs = Percentiles.Of(processing),
            ProcessingGrowthMsPerMinute =
                Math.Round(Trend.Of([.. samples.Select(batch => (batch.At.TotalMinutes, batch.Processing.TotalMilliseconds))]).Slope, 3),
            DelayMs = Percentiles.Of(delay),
            DelayGrowthMsPerSecond =
                Math.Round(Trend.Of([.. samples.Select(batch => (batch.At.TotalSeconds, batch.Delay.TotalMilliseconds))]).Slope, 3),
            LatencyMs = Percentiles.Of(latency),
            IsLatencyMeasured = step.Origin is not null,
            LatencyHistogram = [.. latency.Filled().Select(bar => new[] { Math.Round(bar.UpTo.TotalMilliseconds, 3), bar.Count })],
            RecordsPerSecond = Math.Round(batches.Length == 0 ? 0 : records / (batches[^1].Due - batches[0].Due + interval).TotalSeconds),
            Headroom = Math.Round(batches.Length == 0
                ? 0 : interval / TimeSpan.FromTicks(Math.Max(1, processing.Percentile(0.95).Ticks)), 2),
            AllocatedBytesPerRecord = Math.Round(records == 0 ? 0 : (double)pauses.AllocatedBytes / records, 2),
            Pauses = pauses.Pauses,
            LongestPauseMs = Math.Round(pauses.Longest.TotalMilliseconds, 3),
            PauseShare = Math.Round(pauses.Total.TotalSeconds / seconds, 5),
            OthersCpu = othersCpu is { } others ? Math.Round(others, 3) : null,
        };
    }

    /// <summary>A running context and its feed.</summary>
    private sealed record Step(StreamingContext Context, StepRecorder Recorder, Feed? Feed, DateTimeOffset? Origin) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            if (Context.State == StreamingContextState.Active)
            {
                await Context.StopAsync(StopMode.Immediate);
            }

            await Context.DisposeAsync();
            if (Feed is not null)
            {
                await Feed.DisposeAsync();
            }
        }
    }
}
