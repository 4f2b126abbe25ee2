namespace FastStream;

/// <summary>
/// Warns of slow batches: when the limit has passed, and again each time that the batch has taken twice as long as at
/// the last warning. Safe from any thread.
/// </summary>
/// <remarks>It uses one timer for all batches, and sets it only if it is not set already.</remarks>
internal sealed class BatchWatchdog : IDisposable
{
    private readonly TimeSpan _limit;                        // infinite: no warnings
    private readonly TimeProvider _clock;
    private readonly Action<BatchTime, TimeSpan> _warn;      // the batch, and how long it has taken
    private readonly Lock _lock = new();                     // guards the fields below
    private readonly List<Watched> _watched = [];
    private readonly ITimer? _timer;
    private bool _isSet;                                     // whether the timer is set: it fires when the first warning is due, or before
    private bool _isDisposed;

    public BatchWatchdog(TimeSpan limit, TimeProvider clock, Action<BatchTime, TimeSpan> warn)
    {
        _limit = limit;
        _clock = clock;
        _warn = warn;
        _timer = limit == Timeout.InfiniteTimeSpan ? null
            : clock.CreateTimer(static dog => ((BatchWatchdog)dog!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Begin(BatchTime time)
    {
        if (_timer is null)
        {
            return;
        }

        lock (_lock)
        {
            _watched.Add(new Watched(time, _clock.GetTimestamp(), _limit));
            SetLocked(_limit);
        }
    }

    public void End(BatchTime time)
    {
        if (_timer is null)
        {
            return;
        }

        lock (_lock)
        {
            for (int i = 0; i < _watched.Count; i++)
            {
                if (_watched[i].Time == time)
                {
                    _watched.RemoveAt(i);
                    return;
                }
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _watched.Clear();
        }

        _timer?.Dispose();
    }

    private void Look()
    {
        var due = new List<(BatchTime Time, TimeSpan Taken)>();
        lock (_lock)
        {
            _isSet = false;
            TimeSpan next = TimeSpan.MaxValue;
            for (int i = 0; i < _watched.Count; i++)
            {
                Watched batch = _watched[i];
                TimeSpan taken = _clock.GetElapsedTime(batch.Since);
                if (taken >= batch.WarnAfter)
                {
                    due.Add((batch.Time, taken));
                    _watched[i] = batch = batch with { WarnAfter = taken * 2 };
                }

                TimeSpan left = batch.WarnAfter - taken;
                next = left < next ? left : next;
            }

            if (_watched.Count > 0)
            {
                SetLocked(next);
            }
        }

        foreach ((BatchTime time, TimeSpan taken) in due)
        {
            _warn(time, taken);
        }
    }

    private void SetLocked(TimeSpan due)
    {
        if (!_isSet && !_isDisposed)
        {
            _isSet = true;
            TimeSpan most = due < StreamingOptions.LongestWait ? due : StreamingOptions.LongestWait;
            _timer!.Change(most > TimeSpan.FromMilliseconds(1) ? most : TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
        }
    }

    private readonly record struct Watched(BatchTime Time, long Since, TimeSpan WarnAfter);
}
