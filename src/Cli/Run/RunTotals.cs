namespace FastStream.Cli;

/// <summary>Sums over batches: of a whole run, or since the last line.</summary>
internal sealed class RunTotals
{
    public long Batches { get; private set; }

    public long Failed { get; private set; }

    public long Records { get; private set; }

    public Histogram Processing { get; } = new();

    public Histogram Delay { get; } = new();

    public BatchInfo? Last { get; private set; }

    public void Add(BatchInfo batch)
    {
        Batches++;
        Failed += batch.Failure is null ? 0 : 1;
        Records += batch.RecordCount;
        Processing.Add(batch.ProcessingTime ?? TimeSpan.Zero);
        Delay.Add(batch.SchedulingDelay ?? TimeSpan.Zero);
        Last = batch;
    }
}
