namespace FastStream.Bench.Micro;

/// <summary>A real context on a clock that is moved by hand: a batch goes all the way from the timer's tick to its completion.</summary>
/// <typeparam name="T">The input's record.</typeparam>
internal sealed class RunningContext<T> : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(1);

    private readonly ManualTimeProvider _clock = new();
    private readonly StreamingContext _context;
    private readonly ManualStream<T> _input;
    private long _records;      // records that came out, of all batches
    private BatchTime _next;    // the next batch's time

    /// <summary>Starts a context of two partitions.</summary>
    /// <param name="describe">The operators under measurement.</param>
    public static RunningContext<T> Start<TOut>(Func<DStream<T>, DStream<TOut>> describe)
    {
        var running = new RunningContext<T>();
        describe(running._input).ForEachBatch((batch, _) => running._records += batch.LongCount);
        running._context.Start();
        running._next = running._context.ZeroTime + Interval;
        return running;
    }

    private RunningContext()
    {
        _context = new StreamingContext(new StreamingOptions { BatchInterval = Interval, Partitions = 2, TimeProvider = _clock });
        _input = new ManualStream<T>(_context);
    }

    /// <summary>Runs one batch and gives the number of records that have come out since the start.</summary>
    /// <remarks>
    /// The caller turns while it waits, so that what is measured ends with the batch and not with the waking of the one
    /// who waits.
    /// </remarks>
    public long RunBatch(T[] records)
    {
        _input.Add(records);
        Task completed = _context.WhenCompletedAsync(_next);
        _clock.Advance(Interval);
        var spin = default(SpinWait);
        while (!completed.IsCompleted)
        {
            spin.SpinOnce(sleep1Threshold: -1);
        }

        _next += Interval;
        return _records;
    }

    public void Dispose() => _context.DisposeAsync().AsTask().GetAwaiter().GetResult();
}
