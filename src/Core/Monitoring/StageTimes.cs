namespace FastStream;

/// <summary>
/// Measures what each stage runner does for one batch: two readings of the clock for each message, and only when a
/// listener requests them.
/// </summary>
/// <remarks>
/// A runner handles one message at a time and writes only its own entry; the entries are read when the batch has
/// drained.
/// </remarks>
internal sealed class StageTimes(TimeProvider clock, int runners)
{
    private readonly (long First, long Last, long Busy, int Messages)[] _times = new (long, long, long, int)[runners];
    private readonly long _start = clock.GetTimestamp();
    private readonly TimeSpan _collected = GC.GetTotalPauseDuration();

    /// <summary>Pauses of the garbage collector since the batch began.</summary>
    public TimeSpan GarbageCollection => GC.GetTotalPauseDuration() - _collected;

    public long Now() => clock.GetTimestamp();

    /// <summary>Adds a message that a runner has handled, and that it began at a timestamp.</summary>
    public void Add(int runner, long began)
    {
        long ended = clock.GetTimestamp();
        ref (long First, long Last, long Busy, int Messages) time = ref _times[runner];
        time.First = time.Messages == 0 ? began : time.First;
        time.Last = ended;
        time.Busy += ended - began;
        time.Messages++;
    }

    /// <summary>The work of a runner; null if it had none.</summary>
    public StageRun? Of(int runner, int stage, int partition)
    {
        (long first, long last, long busy, int messages) = _times[runner];
        return messages == 0
            ? null
            : new StageRun(stage, partition, clock.GetElapsedTime(_start, first), clock.GetElapsedTime(_start, last),
                clock.GetElapsedTime(0, busy), messages);
    }
}
