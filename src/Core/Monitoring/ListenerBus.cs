using System.Threading.Channels;

namespace FastStream;

/// <summary>
/// Delivers events to listeners off the hot path, in order, from a bounded queue; when it is full, the oldest event is
/// dropped and counted.
/// </summary>
internal sealed class ListenerBus
{
    private const int Capacity = 10_000;

    private static readonly AsyncLocal<ListenerBus?> _current = new();   // the bus whose loop started the caller's flow

    private readonly Channel<Action<StreamingListener>> _events;
    private readonly Lock _lock = new();                 // guards changes of _listeners, the start of _loop, and the call in progress
    private StreamingListener[] _listeners = [];         // replaced whole, so that the loop reads without a lock
    private Task? _loop;
    private StreamingListener? _called;                  // the listener being called now; null if none is
    private TaskCompletionSource? _callEnded;            // created by a caller that waits for the end of that call
    private long _calls;                                 // number of calls that have ended
    // a listener did not return, and nothing waits for it any more: no further calls follow
    private bool _isLeftBehind;
    private long _dropped;

    public ListenerBus()
    {
        _events = Channel.CreateBounded<Action<StreamingListener>>(
            new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true },
            _ => Interlocked.Increment(ref _dropped));
    }

    public long DroppedEvents => Interlocked.Read(ref _dropped);

    /// <summary>Whether a listener requests the profile of batches.</summary>
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

    /// <summary>Whether the caller runs inside a listener's call, or in work that the call started and waits for.</summary>
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

    /// <summary>Ends the events; completes when all earlier ones have been delivered.</summary>
    public Task CompleteAsync()
    {
        _events.Writer.TryComplete();
        return _loop ?? Task.CompletedTask;
    }

    /// <summary>
    /// Waits for the listener being called now, if any. If it does not return in time, it is left behind, and no
    /// listener is called any more.
    /// </summary>
    /// <returns>The name of the listener left behind; else null.</returns>
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
    /// Waits until all events are delivered, as long as listeners return; one that does not return within the limit is
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
                // Slow, but making progress.
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

    // Returns whether another call may follow.
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
            // A listener's error must not stop the stream, and only listeners could be told of it: it goes to the
            // trace.
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
