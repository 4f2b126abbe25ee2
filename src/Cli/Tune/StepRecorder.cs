namespace FastStream.Cli;

/// <summary>Keeps the batches of a step, and says when there is no hope for it.</summary>
internal sealed class StepRecorder(TimeSpan interval) : StreamingListener
{
    private const int HopelessIntervals = 10;
    private static readonly TimeSpan HopelessDelay = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly List<RecordedStepBatch> _batches = [];
    private readonly TaskCompletionSource _hopeless = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _records;

    /// <summary>Done when batches begin so late that waiting for more of them tells nothing.</summary>
    public Task Hopeless => _hopeless.Task;

    /// <summary>Batches done so far, with the failed ones.</summary>
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

    /// <summary>The batches whose time is in a part of the step.</summary>
    public RecordedStepBatch[] Between(DateTimeOffset start, DateTimeOffset end)
    {
        lock (_lock)
        {
            return [.. _batches.Where(batch => batch.Due > start && batch.EndedAt <= end)];
        }
    }
}

/// <summary>One batch of a step.</summary>
/// <param name="Due">Its time.</param>
/// <param name="Delay">From then to its start.</param>
/// <param name="Processing">How long it ran.</param>
/// <param name="EndedAt">When its last output was done.</param>
/// <param name="FirstRecord">Records of all batches before.</param>
/// <param name="Records">Its records.</param>
internal readonly record struct RecordedStepBatch(DateTimeOffset Due, TimeSpan Delay, TimeSpan Processing,
    DateTimeOffset EndedAt, long FirstRecord, long Records)
{
    private const int Points = 16;

    /// <summary>Adds the times from arrival to output of the batch's records, at points evenly among them.</summary>
    /// <param name="latency">Takes the times.</param>
    /// <param name="origin">When the step's first record was due; null where arrivals are not known, and count as even.</param>
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
