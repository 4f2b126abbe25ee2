using System.Threading.Channels;

namespace FastStream;

/// <summary>Brings events to listeners off the hot path: bounded, in order; when full, the oldest event is dropped and counted.</summary>
internal sealed class ListenerBus
{
    private const int Capacity = 10_000;

    private static readonly AsyncLocal<ListenerBus?> _current = new();   // the bus whose loop began the caller's flow

    private readonly Channel<Action<StreamingListener>> _events;
    private readonly Lock _lock = new();                 // guards changes of _listeners, the start of _loop, and the call that goes on
    private StreamingListener[] _listeners = [];         // replaced whole, so that the loop reads without a lock
    private Task? _loop;
    private StreamingListener? _called;                  // the listener that is called now; null when none is
    private TaskCompletionSource? _callEnded;            // made by whoever waits for the end of that call
    private long _calls;                                 // that have ended
    // a listener does not return, and nobody waits for it any more: it is the last that was called
    private bool _isLeftBehind;
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

    /// <summary>Whether this is asked inside of a listener's call, also by what that has begun and waits for.</summary>
    public bool IsDelivering
    {
        get
        {
            if (!ReferenceEquals(_current.Value, this))
            {
                return false;
            }

            lock (_lock)
            {
                return _called is not null;
            }
        }
    }

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

    /// <summary>
    /// Waits for the listener that is called now, if one is. One that has not returned in time is left behind: nobody
    /// is called any more.
    /// </summary>
    /// <returns>The name of the listener that was left behind; else null.</returns>
    public async Task<string?> WaitForCallAsync(TimeSpan limit, TimeProvider clock)
    {
        Task ended;
        lock (_lock)
        {
            if (_called is null || _isLeftBehind)
            {
                return null;
            }

            _callEnded ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            ended = _callEnded.Task;
        }

        try
        {
            await ended.WaitAsync(limit, clock).ConfigureAwait(false);
            return null;
        }
        catch (TimeoutException)
        {
            return LeaveBehind();
        }
    }

    /// <summary>
    /// Waits until all events are delivered, for as long as listeners return; one that does not within the limit is
    /// left behind.
    /// </summary>
    public async Task DrainAsync(Task delivered, TimeSpan limit, TimeProvider clock)
    {
        while (!delivered.IsCompleted)
        {
            long before;
            lock (_lock)
            {
                if (_isLeftBehind)
                {
                    return;
                }

                before = _calls;
            }

            try
            {
                await delivered.WaitAsync(limit, clock).ConfigureAwait(false);
            }
            catch (TimeoutException) when (Interlocked.Read(ref _calls) != before)
            {
                // Slow, but it goes on.
            }
            catch (TimeoutException)
            {
                System.Diagnostics.Trace
                    .TraceError($"The FastStream listener {LeaveBehind()} has not returned within {limit}; it was left behind.");
            }
        }
    }

    private string? LeaveBehind()
    {
        lock (_lock)
        {
            _isLeftBehind = _called is not null;
            return _called?.GetType().Name;
        }
    }

    private async Task DeliverAsync()
    {
        _current.Value = this;
        await foreach (Action<StreamingListener> call in _events.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            foreach (StreamingListener listener in _listeners)
            {
                if (!TryDeliver(call, listener))
                {
                    return;
                }
            }
        }
    }

    // Gives whether another one may follow.
    private bool TryDeliver(Action<StreamingListener> call, StreamingListener listener)
    {
        lock (_lock)
        {
            _called = listener;
        }

        try
        {
            call(listener);
        }
        catch (Exception error)
        {
            // A listener's error must not stop the stream, and there is nobody but listeners to tell: the trace has it.
            System.Diagnostics.Trace.TraceError($"A FastStream listener failed: {error}");
        }

        lock (_lock)
        {
            _called = null;
            _calls++;
            _callEnded?.TrySetResult();
            _callEnded = null;
            return !_isLeftBehind;
        }
    }
}
