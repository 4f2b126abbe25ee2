namespace FastStream;

/// <summary>The clock of batch times: the wall clock's reading at the start, continued by the monotonic clock.</summary>
/// <remarks>
/// Times are computed from the clock, never by counting ticks; setting the wall clock while the context runs moves no
/// batch. Works on any <see cref="TimeProvider"/> whose time and timestamps agree. It keeps time in whole units of 100
/// ns, because fractional milliseconds are rounded at today's distance from the epoch, and a test's clock that is
/// exactly on a tick must read as that tick. Safe from any thread.
/// </remarks>
internal sealed class StreamingClock
{
    private readonly long _startTimestamp;
    private readonly long _startTicks;   // since the epoch, in units of 100 ns

    public StreamingClock(TimeProvider provider)
    {
        Provider = provider;
        _startTimestamp = provider.GetTimestamp();
        _startTicks = (provider.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks;
    }

    public TimeProvider Provider { get; }

    /// <summary>
    /// How far batch times are ahead of the clock: more than zero if an earlier run's batches are later than the
    /// present, or if batches do not wait for the clock. Set before the first wait, and later only by the waiting
    /// thread.
    /// </summary>
    public TimeSpan BatchesAhead { get; set; }

    /// <summary>Time since the epoch, exactly.</summary>
    public TimeSpan Now => new(_startTicks + Provider.GetElapsedTime(_startTimestamp).Ticks);

    /// <summary>Milliseconds since the epoch, with fractions: for reported delays.</summary>
    public double NowMs => Now.TotalMilliseconds;

    /// <summary>Time left until a batch time; negative if it has passed.</summary>
    public TimeSpan Until(long timeMs) => new TimeSpan(timeMs * TimeSpan.TicksPerMillisecond) - Now - BatchesAhead;

    /// <summary>Moves the clock to a batch time: all later batches come earlier by the same amount.</summary>
    public void SkipTo(long timeMs)
    {
        if (Until(timeMs) is var left && left > TimeSpan.Zero)
        {
            BatchesAhead += left;
        }
    }

    /// <summary>The provider's timestamp at which the batch <paramref name="timeMs"/> is due.</summary>
    public long TimestampAt(long timeMs)
    {
        Int128 ticks = ((Int128)timeMs * TimeSpan.TicksPerMillisecond) - _startTicks - BatchesAhead.Ticks;
        return _startTimestamp + (long)(((ticks * Provider.TimestampFrequency) + TimeSpan.TicksPerSecond - 1) / TimeSpan.TicksPerSecond);
    }
}
