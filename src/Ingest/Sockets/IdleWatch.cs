namespace FastStream;

/// <summary>Why a watch ended a connection.</summary>
internal enum WatchEnd
{
    /// <summary>The watch did not end it.</summary>
    None,

    /// <summary>Nothing came for too long.</summary>
    Idle,

    /// <summary>A record that had begun was not finished in time.</summary>
    SlowRecord,

    /// <summary>There is no memory for its partial record.</summary>
    Refused,
}

/// <summary>
/// Cancels when one receive waits too long for bytes, or when the receives of one record together wait too long. It
/// uses one timer for each connection and re-arms it lazily, so that a receive costs two readings of the clock. Time in
/// which the receiver itself does not read does not count. Safe from any thread.
/// </summary>
internal sealed class IdleWatch : IDisposable
{
    private readonly TimeProvider _clock;
    private readonly TimeSpan _idleTimeout;
    private readonly TimeSpan _recordTimeout;
    private readonly CancellationTokenSource _end;    // cancelled by the watch, and by the token it is linked to
    private readonly Lock _lock = new();              // guards the four below
    private long _waitingSince;                       // timestamp of the waiting receive
    private bool _isWaiting;                          // whether a receive waits
    private bool _isInRecord;                         // whether it waits for more of a record
    private TimeSpan _recordWaited;                   // by earlier receives of the same record
    private readonly ITimer? _timer;
    private volatile WatchEnd _reason;

    public IdleWatch(TimeProvider clock, TimeSpan idleTimeout, CancellationToken stop)
        : this(clock, idleTimeout, Timeout.InfiniteTimeSpan, stop)
    {
    }

    public IdleWatch(TimeProvider clock, TimeSpan idleTimeout, TimeSpan recordTimeout, CancellationToken stop)
    {
        _clock = clock;
        _idleTimeout = idleTimeout == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : idleTimeout;
        _recordTimeout = recordTimeout == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : recordTimeout;
        _end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        if (Shortest != TimeSpan.MaxValue)
        {
            _timer = clock.CreateTimer(
                static watch => ((IdleWatch)watch!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(Shortest, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Cancelled when the connection must end, or receiving must stop.</summary>
    public CancellationToken Token => _end.Token;

    /// <summary>Whether the watch ended the connection.</summary>
    public bool HasExpired => _reason != WatchEnd.None;

    /// <summary>Why the watch ended the connection.</summary>
    public WatchEnd Reason => _reason;

    private TimeSpan Shortest => _idleTimeout < _recordTimeout ? _idleTimeout : _recordTimeout;

    /// <summary>Notes that a receive begins to wait for bytes.</summary>
    /// <param name="isInRecord">Whether a record has begun and is not finished.</param>
    /// <param name="isNew">Whether that record began with the last receive.</param>
    public void BeginReceive(bool isInRecord, bool isNew)
    {
        if (_timer is not null)
        {
            long now = _clock.GetTimestamp();
            lock (_lock)
            {
                _recordWaited = isInRecord && !isNew ? _recordWaited : TimeSpan.Zero;
                _isInRecord = isInRecord;
                _waitingSince = now;
                _isWaiting = true;
            }
        }
    }

    /// <summary>Notes that the receive is done.</summary>
    public void EndReceive()
    {
        if (_timer is not null)
        {
            lock (_lock)
            {
                _isWaiting = false;
                _recordWaited += _clock.GetElapsedTime(_waitingSince);
            }
        }
    }

    /// <summary>Ends the connection for lack of memory.</summary>
    public void Refuse() => End(WatchEnd.Refused);

    public void Dispose()
    {
        _timer?.Dispose();
        _end.Dispose();
    }

    private void Look()
    {
        TimeSpan idleLeft = _idleTimeout;
        TimeSpan recordLeft = _recordTimeout;
        lock (_lock)
        {
            if (_isWaiting)
            {
                TimeSpan waited = _clock.GetElapsedTime(_waitingSince);
                idleLeft -= waited;
                recordLeft -= _isInRecord ? _recordWaited + waited : TimeSpan.Zero;
            }
        }

        TimeSpan left = idleLeft < recordLeft ? idleLeft : recordLeft;
        if (left <= TimeSpan.Zero)
        {
            End(idleLeft <= TimeSpan.Zero ? WatchEnd.Idle : WatchEnd.SlowRecord);
            return;
        }

        try
        {
            _timer!.Change(left, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // The connection ended while the timer fired: there is nothing to watch any more.
        }
    }

    private void End(WatchEnd reason)
    {
        try
        {
            _reason = reason;
            _end.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The connection ended meanwhile.
        }
    }
}
