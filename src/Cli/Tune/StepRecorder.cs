namespace FastStream.Cli;

/// <summary>Records the batches of a step, and reports when the step is hopeless.</summary>
internal sealed class StepRecorder(TimeSpan interval) : StreamingListener
{
    private const int HopelessIntervals = 10;
    private static readonly TimeSpan HopelessDelay = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly List<RecordedStepBatch> _batches = [];
    private readonly TaskCompletionSource _hopeless = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _records;

    /// <summary>Completes when batches begin so late that more of them would tell nothing new.</summary>
    public Task Hopeless => _hopeless.Task;

    /// <summary>Number of batches done so far, including failed ones.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _batches.Count;
            }
        }
    }

    public override void OnBatchCompleted(BatchInfo batch)
    {
        DateTimeOffset due = batch.Time.ToDateTimeOffset();
        var recorded =
            new RecordedStepBatch(due, (batch.StartedAt ?? due) - due, batch.ProcessingTime
                ?? TimeSpan.Zero, batch.EndedAt ?? due, _records, batch.RecordCount);
        lock (_lock)
        {
            _batches.Add(recorded);
            _records += batch.RecordCount;
        }

        if (recorded.Delay > HopelessDelay && recorded.Delay > HopelessIntervals * interval)
        {
            _hopeless.TrySetResult();
        }
    }

    /// <summary>Returns the batches whose time lies in a part of the step.</summary>
    public RecordedStepBatch[] Between(DateTimeOffset start, DateTimeOffset end)
    {
        lock (_lock)
        {
            return [.. _batches.Where(batch => batch.Due > start && batch.EndedAt <= end)];
        }
    }
}

/// <summary>One batch of a step.</summary>
/// <param name="Due">The batch's time.</param>
/// <param name="Delay">From its time to its start.</param>
/// <param name="Processing">How long it ran.</param>
/// <param name="EndedAt">When its last output was done.</param>
/// <param name="FirstRecord">Number of records in all batches before.</param>
/// <param name="Records">Number of its records.</param>
internal readonly record struct RecordedStepBatch(DateTimeOffset Due, TimeSpan Delay, TimeSpan Processing,
    DateTimeOffset EndedAt, long FirstRecord, long Records)
{
    private const int Points = 16;

    /// <summary>Adds the times from arrival to output for evenly spaced records of the batch.</summary>
    /// <param name="latency">Receives the times.</param>
    /// <param name="origin">When the step's first record was due; null where arrivals are unknown and assumed to be
    /// evenly spread.</param>
    /// <param name="recordsPerSecond">The rate of arrivals, where they are known.</param>
    /// <param name="interval">The interval.</param>
    public void AddLatency(Histogram latency, DateTimeOffset? origin, double recordsPerSecond, TimeSpan interval)
    {
        int points = (int)Math.Min(Points, Records);
        for (int point = 0; point < points; point++)
        {
            double part = (point + 0.5) / points;
            DateTimeOffset arrival = origin is { } start
                ? start + TimeSpan.FromSeconds((FirstRecord + (Records * part)) / recordsPerSecond)
                : Due - (interval * (1 - part));
            latency.Add(EndedAt - arrival, Records / points);
        }
    }
}
