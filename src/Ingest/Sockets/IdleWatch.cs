namespace FastStream;

/// <summary>Cancels when a receive waits for bytes for too long: one timer a connection, moved on lazily, so that a receive costs one clock reading. Time in which the receiver itself does not read does not count.</summary>
internal sealed class IdleWatch : IDisposable
{
    private readonly TimeProvider _clock;
    private readonly TimeSpan _timeout;
    private readonly CancellationTokenSource _idle;   // cancelled by the watch, and with the token it is linked to
    private readonly ITimer? _timer;
    private long _waitingSince;                       // timestamp of the receive that waits
    private volatile bool _isWaiting;                 // whether a receive waits
    private volatile bool _expired;

    public IdleWatch(TimeProvider clock, TimeSpan timeout, CancellationToken stop)
    {
        _clock = clock;
        _timeout = timeout;
        _idle = CancellationTokenSource.CreateLinkedTokenSource(stop);
        if (timeout != Timeout.InfiniteTimeSpan)
        {
            _timer = clock.CreateTimer(static watch => ((IdleWatch)watch!).Look(), this, timeout, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Cancelled when the connection is idle for too long, or receiving is to stop.</summary>
    public CancellationToken Token => _idle.Token;

    /// <summary>Whether the time passed without anything received.</summary>
    public bool HasExpired => _expired;

    /// <summary>A receive begins to wait for bytes.</summary>
    public void BeginReceive()
    {
        if (_timer is not null)
        {
            Volatile.Write(ref _waitingSince, _clock.GetTimestamp());
            _isWaiting = true;
        }
    }

    /// <summary>The receive is done.</summary>
    public void EndReceive() => _isWaiting = false;

    public void Dispose()
    {
        _timer?.Dispose();
        _idle.Dispose();
    }

    private void Look()
    {
        TimeSpan left = _isWaiting ? _timeout - _clock.GetElapsedTime(Volatile.Read(ref _waitingSince)) : _timeout;
        try
        {
            if (left > TimeSpan.Zero)
            {
                _timer!.Change(left, Timeout.InfiniteTimeSpan);
                return;
            }

            _expired = true;
            _idle.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The connection ended while the timer fired: there is nothing to watch any more.
        }
    }
}
