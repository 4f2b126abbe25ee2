using System.Threading.Channels;

namespace FastStream;

/// <summary>Brings events to listeners off the hot path: bounded, in order; when full, the oldest event is dropped and counted.</summary>
internal sealed class ListenerBus
{
    private const int Capacity = 10_000;

    private readonly Channel<Action<StreamingListener>> _events;
    private readonly Lock _lock = new();                 // guards changes of _listeners and the start of _loop
    private StreamingListener[] _listeners = [];         // replaced whole, so that the loop reads without a lock
    private Task? _loop;
    private int _deliveringThread;                       // the thread that is in a listener's call now; 0 when none is
    private long _dropped;

    public ListenerBus()
    {
        _events = Channel.CreateBounded<Action<StreamingListener>>(
            new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true },
            _ => Interlocked.Increment(ref _dropped));
    }

    public long DroppedEvents => Interlocked.Read(ref _dropped);

    /// <summary>Whether a listener asks for batches to be measured.</summary>
    public bool IsProfileWanted
    {
        get
        {
            foreach (StreamingListener listener in _listeners)
            {
                if (listener.WantsProfile)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Whether this is asked inside of a listener's call.</summary>
    public bool IsDelivering => Volatile.Read(ref _deliveringThread) == Environment.CurrentManagedThreadId;

    public void Add(StreamingListener listener)
    {
        lock (_lock)
        {
            _listeners = [.. _listeners, listener];
            _loop ??= Task.Run(DeliverAsync);
        }
    }

    public void Remove(StreamingListener listener)
    {
        lock (_lock)
        {
            _listeners = _listeners.Where(known => !ReferenceEquals(known, listener)).ToArray();
        }
    }

    public void Post(Action<StreamingListener> call) => _events.Writer.TryWrite(call);

    /// <summary>No event follows; done when all before were delivered.</summary>
    public Task CompleteAsync()
    {
        _events.Writer.TryComplete();
        return _loop ?? Task.CompletedTask;
    }

    private async Task DeliverAsync()
    {
        await foreach (Action<StreamingListener> call in _events.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            Volatile.Write(ref _deliveringThread, Environment.CurrentManagedThreadId);
            foreach (StreamingListener listener in _listeners)
            {
                try
                {
                    call(listener);
                }
                catch (Exception error)
                {
                    // A listener's error must not stop the stream, and there is nobody but listeners to tell: the trace has it.
                    System.Diagnostics.Trace.TraceError($"A FastStream listener failed: {error}");
                }
            }

            Volatile.Write(ref _deliveringThread, 0);
        }
    }
}
