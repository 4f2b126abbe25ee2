namespace FastStream.Testing;

/// <summary>A clock that moves only when told to: drives whole contexts in tests, without sleeping.</summary>
/// <remarks>
/// Time, timestamps and timers go together. Timers that fall due fire on the thread that moves the clock, in the order
/// of their times. Safe from any thread.
/// </remarks>
public sealed class ManualTimeProvider : TimeProvider
{
    private readonly Lock _lock = new();                     // guards _now and _timers
    private readonly List<ManualTimer> _timers = [];         // timers that wait
    private DateTimeOffset _now;

    /// <summary>A clock that reads the Unix epoch.</summary>
    public ManualTimeProvider()
        : this(DateTimeOffset.UnixEpoch)
    {
    }

    /// <summary>A clock that reads <paramref name="start"/>.</summary>
    public ManualTimeProvider(DateTimeOffset start) => _now = start;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    /// <inheritdoc/>
    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    /// <summary>
    /// Moves the clock on, from timer to timer: each reads its own time when it fires; timers due until then fire
    /// before this returns.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The duration is negative.</exception>
    public void Advance(TimeSpan duration)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(duration, TimeSpan.Zero);
        Fire(GetUtcNow() + duration);
    }

    /// <summary>
    /// Moves the clock on in one go, as it is found after the process stood still: timers due until then fire before
    /// this returns, and all read the new time. So a context surely sees the ticks in between as missed.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The duration is negative.</exception>
    public void Jump(TimeSpan duration)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(duration, TimeSpan.Zero);
        DateTimeOffset target;
        lock (_lock)
        {
            target = _now += duration;
        }

        Fire(target);
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private void Fire(DateTimeOffset target)
    {
        while (true)
        {
            ManualTimer? due;
            lock (_lock)
            {
                due = _timers.Where(timer => timer.DueAt <= target).MinBy(timer => timer.DueAt);
                MoveTo(due?.DueAt ?? target);
                if (due is null)
                {
                    return;
                }

                due.Rearm(_timers);
            }

            due.Fire();
        }
    }

    // Called with the lock held; never back, also where two threads move the clock.
    private void MoveTo(DateTimeOffset time) => _now = time > _now ? time : _now;

    private sealed class ManualTimer(ManualTimeProvider owner, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        public DateTimeOffset DueAt { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            bool now = false;
            lock (owner._lock)
            {
                owner._timers.Remove(this);
                _period = period;
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    DueAt = owner._now + dueTime;
                    now = dueTime <= TimeSpan.Zero;
                    if (!now || period > TimeSpan.Zero)
                    {
                        DueAt = now ? owner._now + period : DueAt;
                        owner._timers.Add(this);
                    }
                }
            }

            if (now)
            {
                Fire();
            }

            return true;
        }

        public void Fire() => callback(state);

        // Called with the owner's lock held.
        public void Rearm(List<ManualTimer> timers)
        {
            if (_period > TimeSpan.Zero)
            {
                DueAt += _period;
            }
            else
            {
                timers.Remove(this);
            }
        }

        public void Dispose()
        {
            lock (owner._lock)
            {
                owner._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
