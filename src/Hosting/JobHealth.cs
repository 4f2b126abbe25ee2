namespace FastStream.Hosting;

/// <summary>Collects the events by which a job's health is judged.</summary>
/// <remarks>The listeners' thread writes; health checks read on any thread.</remarks>
internal sealed class JobHealth(TimeProvider clock) : StreamingListener
{
    private readonly Lock _lock = new();                       // guards all below
    private readonly Dictionary<int, ReceiverInfo> _down = []; // by stream id
    private BatchTime? _running;
    private long _runningSince;                                // the clock's timestamp
    private BatchInfo? _last;

    /// <summary>The running batch, and for how long it has run; null where none runs.</summary>
    public (BatchTime Batch, TimeSpan Since)? Running
    {
        get
        {
            lock (_lock)
            {
                return _running is { } batch ? (batch, clock.GetElapsedTime(_runningSince)) : null;
            }
        }
    }

    /// <summary>The last completed batch.</summary>
    public BatchInfo? Last
    {
        get
        {
            lock (_lock)
            {
                return _last;
            }
        }
    }

    /// <summary>Receivers that are down, as of their last event.</summary>
    public IReadOnlyList<ReceiverInfo> Down
    {
        get
        {
            lock (_lock)
            {
                return [.. _down.Values];
            }
        }
    }

    public override void OnBatchStarted(BatchInfo batch)
    {
        lock (_lock)
        {
            _running = batch.Time;
            _runningSince = clock.GetTimestamp();
        }
    }

    public override void OnBatchCompleted(BatchInfo batch)
    {
        lock (_lock)
        {
            _last = batch;
            _running = _running == batch.Time ? null : _running;
        }
    }

    public override void OnReceiverStarted(ReceiverInfo receiver) => Set(receiver, isDown: false);

    public override void OnReceiverError(ReceiverInfo receiver) => Set(receiver, isDown: !receiver.IsActive);

    public override void OnReceiverStopped(ReceiverInfo receiver) => Set(receiver, isDown: true);

    private void Set(ReceiverInfo receiver, bool isDown)
    {
        lock (_lock)
        {
            if (isDown)
            {
                _down[receiver.StreamId] = receiver;
            }
            else
            {
                _down.Remove(receiver.StreamId);
            }
        }
    }
}
