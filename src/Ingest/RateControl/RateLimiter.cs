namespace FastStream;

/// <summary>
/// A token bucket: limits how many records a second may pass, on the context's clock. Unused tokens are kept for up to
/// a second.
/// </summary>
/// <remarks>
/// Spark's rules: the first limit is the lesser of the initial and the maximum rate, changes of 0 or less are ignored,
/// and no change goes above the maximum. A request passes when the requests before it are paid for; the next request
/// waits for this one's price. Safe from any thread.
/// </remarks>
public sealed class RateLimiter
{
    private const double SavedSeconds = 1;

    private readonly TimeProvider _clock;
    private readonly long _maxRate;               // long.MaxValue: no limit
    private readonly Lock _lock = new();          // guards the fields below
    private double _tokens;                       // records that may pass now; negative: debt
    private long _refilledAt;                     // the clock's timestamp
    private long _rate;

    /// <summary>Makes a limiter.</summary>
    /// <param name="options">The initial and the maximum rate.</param>
    /// <param name="clock">The clock.</param>
    public RateLimiter(RateOptions options, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(clock);
        _clock = clock;
        _maxRate = options.MaxRecordsPerSecond > 0 ? options.MaxRecordsPerSecond : long.MaxValue;
        _rate = options.InitialRecordsPerSecond > 0 ? Math.Min(options.InitialRecordsPerSecond, _maxRate) : _maxRate;
        _refilledAt = clock.GetTimestamp();
    }

    /// <summary>The present limit, in records a second; <see cref="long.MaxValue"/> where there is none.</summary>
    public long RecordsPerSecond
    {
        get
        {
            lock (_lock)
            {
                return _rate;
            }
        }
    }

    /// <summary>
    /// Sets another limit: a value of 0 or less is ignored, and a value above the maximum becomes the maximum.
    /// </summary>
    public void Update(long recordsPerSecond)
    {
        lock (_lock)
        {
            if (recordsPerSecond > 0)
            {
                RefillLocked();
                _rate = Math.Min(recordsPerSecond, _maxRate);
                _tokens = Math.Min(_tokens, _rate * SavedSeconds);
            }
        }
    }

    /// <summary>Lets records pass if they may pass now; returns whether they did.</summary>
    public bool TryAcquire(int records = 1)
    {
        lock (_lock)
        {
            RefillLocked();
            return _tokens >= 0 && TakeLocked(records);
        }
    }

    /// <summary>Waits until the records before these are paid for, then lets these pass.</summary>
    /// <param name="records">How many: 1 or more.</param>
    /// <param name="cancellationToken">Ends the wait; nothing is paid for then.</param>
    public ValueTask AcquireAsync(int records = 1, CancellationToken cancellationToken = default)
    {
        TimeSpan wait;
        lock (_lock)
        {
            RefillLocked();
            wait = _tokens >= 0 ? TimeSpan.Zero : TimeSpan.FromTicks((long)Math.Ceiling(-_tokens / _rate * TimeSpan.TicksPerSecond));
            TakeLocked(records);
        }

        return wait == TimeSpan.Zero ? ValueTask.CompletedTask : WaitAsync(wait, records, cancellationToken);
    }

    private async ValueTask WaitAsync(TimeSpan wait, int records, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(wait, _clock, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            lock (_lock)
            {
                TakeLocked(-records);
            }

            throw;
        }
    }

    private void RefillLocked()
    {
        long now = _clock.GetTimestamp();
        _tokens = Math.Min(_tokens + (_clock.GetElapsedTime(_refilledAt, now).TotalSeconds * _rate), _rate * SavedSeconds);
        _refilledAt = now;
    }

    private bool TakeLocked(int records)
    {
        if (_rate != long.MaxValue)
        {
            _tokens -= records;
        }

        return true;
    }
}
