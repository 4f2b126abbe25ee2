namespace FastStream.Testing;

/// <summary>A clock that moves only when told to: it drives whole contexts in tests, without sleeping.</summary>
/// <remarks>
/// Time, timestamps and timers stay consistent. Due timers fire on the thread that moves the clock, in the order of
/// their times. Safe from any thread.
/// </remarks>
public sealed class ManualTimeProvider : TimeProvider
{
    private readonly Lock _lock = new();                     // guards _now and _timers
    private readonly List<ManualTimer> _timers = [];         // waiting timers
    private DateTimeOffset _now;

    /// <summary>Makes a clock that reads the Unix epoch.</summary>
    public ManualTimeProvider()
        : this(DateTimeOffset.UnixEpoch)
    {
    }

    /// <summary>Makes a clock that reads <paramref name="start"/>.</summary>
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
    /// Advances the clock from timer to timer: each timer reads its own due time when it fires. All timers that are due
    /// within the duration fire before this returns.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The duration is negative.</exception>
    public void Advance(TimeSpan duration)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(duration, TimeSpan.Zero);
        Fire(GetUtcNow() + duration);
    }

    /// <summary>
    /// Advances the clock in one step, as after a pause of the process: timers that are due within the duration fire
    /// before this returns, and all read the new time. A context is therefore certain to see the ticks in between as
    /// missed.
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

    // Called with the lock held; never moves back, even when two threads move the clock.
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
