namespace FastStream.Dashboard;

/// <summary>Records a context's events: the last batches, the receivers, the last warnings.</summary>
/// <remarks>
/// Nothing is pushed to viewers: each asks, now and then, for the events after the last number that it saw. A slow
/// viewer therefore costs nobody anything, and misses what the ring has dropped. The listeners' thread writes; any
/// thread reads.
/// </remarks>
internal sealed class JobRecorder(StreamingContext context, string name, int history) : StreamingListener
{
    private const int WarningsKept = 100;

    private readonly Lock _lock = new();                              // guards all below
    private readonly BatchInfo?[] _batches = new BatchInfo?[history]; // a ring: batch n at n % history
    private readonly Queue<WarningInfo> _warnings = [];
    private readonly SortedDictionary<int, ReceiverInfo> _receivers = [];
    private long _count;                                              // batches recorded so far
    private long _warningCount;
    private long _submitted;
    private int _viewers;

    public StreamingContext Context => context;

    public string Name => name;

    /// <summary>Stages are measured only while somebody looks.</summary>
    public override bool WantsProfile => Volatile.Read(ref _viewers) > 0;

    public void AddViewer() => Interlocked.Increment(ref _viewers);

    public void RemoveViewer() => Interlocked.Decrement(ref _viewers);

    /// <summary>
    /// Returns the batches after a number, oldest first; if there are more than <paramref name="atMost"/>, the newest
    /// ones.
    /// </summary>
    public (long Last, BatchInfo[] Batches) BatchesAfter(long number, int atMost)
    {
        lock (_lock)
        {
            long first = Math.Max(Math.Max(number, _count - history), _count - atMost);
            var batches = new BatchInfo[_count - Math.Max(0, first)];
            for (int i = 0; i < batches.Length; i++)
            {
                batches[i] = _batches[(_count - batches.Length + i) % history]!;
            }

            return (_count, batches);
        }
    }

    /// <summary>Returns a recorded batch; null if it is not recorded.</summary>
    public BatchInfo? Batch(BatchTime time)
    {
        lock (_lock)
        {
            return _batches.FirstOrDefault(batch => batch?.Time == time);
        }
    }

    /// <summary>Returns the warnings after a number, oldest first.</summary>
    public (long Last, WarningInfo[] Warnings) WarningsAfter(long number)
    {
        lock (_lock)
        {
            return (_warningCount, [.. _warnings.Skip((int)Math.Max(0, _warnings.Count - (_warningCount - number)))]);
        }
    }

    /// <summary>Returns all receivers, as of their last event.</summary>
    public ReceiverInfo[] Receivers()
    {
        lock (_lock)
        {
            return [.. _receivers.Values];
        }
    }

    /// <summary>Number of batches that were cut and are not done.</summary>
    public long Waiting
    {
        get
        {
            lock (_lock)
            {
                return Math.Max(0, _submitted - _count);
            }
        }
    }

    public override void OnBatchSubmitted(BatchInfo batch)
    {
        lock (_lock)
        {
            _submitted++;
        }
    }

    public override void OnBatchCompleted(BatchInfo batch)
    {
        lock (_lock)
        {
            _batches[_count % history] = batch;
            _count++;
        }
    }

    public override void OnReceiverStarted(ReceiverInfo receiver) => Set(receiver);

    public override void OnReceiverError(ReceiverInfo receiver) => Set(receiver);

    public override void OnReceiverStopped(ReceiverInfo receiver) => Set(receiver);

    public override void OnWarning(string message, Exception? error)
    {
        lock (_lock)
        {
            _warnings.Enqueue(
                new WarningInfo(context.Options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds(), message, error?.ToString()));
            _warningCount++;
            if (_warnings.Count > WarningsKept)
            {
                _warnings.Dequeue();
            }
        }
    }

    private void Set(ReceiverInfo receiver)
    {
        lock (_lock)
        {
            _receivers[receiver.StreamId] = receiver;
        }
    }
}
