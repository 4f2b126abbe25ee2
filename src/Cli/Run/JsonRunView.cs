using System.Text.Json;

namespace FastStream.Cli;

/// <summary>
/// Prints one JSON object a line on the standard output: <c>started</c>, <c>batch</c>, <c>warning</c>, <c>ended</c>.
/// Times are in milliseconds.
/// </summary>
internal sealed class JsonRunView(CommandOutput output, TimeSpan interval) : RunView(interval)
{
    public override void Begin(string job, Uri? dashboard) =>
        Write(new { @event = "started", job, intervalMs = Interval.TotalMilliseconds, dashboard });

    public override void End() => Write(new
    {
        @event = "ended",
        batches = Totals.Batches,
        failed = Totals.Failed,
        records = Totals.Records,
        processingMs = Percentiles(Totals.Processing),
        schedulingDelayMs = Percentiles(Totals.Delay),
    });

    protected override void Show(BatchInfo batch) => Write(new
    {
        @event = "batch",
        time = batch.Time.Milliseconds,
        records = batch.RecordCount,
        bytes = batch.SizeBytes,
        schedulingDelayMs = batch.SchedulingDelay?.TotalMilliseconds,
        processingMs = batch.ProcessingTime?.TotalMilliseconds,
        failure = batch.Failure?.Message,
    });

    protected override void Warn(string message) => Write(new { @event = "warning", message });

    private static object Percentiles(Histogram times) => new
    {
        p50 = times.Percentile(0.5).TotalMilliseconds,
        p95 = times.Percentile(0.95).TotalMilliseconds,
        p99 = times.Percentile(0.99).TotalMilliseconds,
        max = times.Largest.TotalMilliseconds,
    };

    private void Write(object line) => output.Out.WriteLine(JsonSerializer.Serialize(line, JsonText.Lines));
}
