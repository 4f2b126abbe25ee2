namespace FastStream;

/// <summary>The clock of batch times: the wall clock's reading at the start, carried on by the monotonic clock.</summary>
/// <remarks>
/// Times are computed from the clock, never by counting ticks; a wall clock that is set back or forth while the context
/// runs moves no batch. Works on any <see cref="TimeProvider"/> whose time and timestamps go together. Time is kept in
/// whole units of 100 ns: milliseconds with parts are rounded at today's distance from the epoch, and a test's clock
/// that stands exactly on a tick must read as that tick. Safe from any thread.
/// </remarks>
internal sealed class StreamingClock
{
    private readonly long _startTimestamp;
    private readonly long _startTicks;   // since the epoch, in 100 ns

    public StreamingClock(TimeProvider provider)
    {
        Provider = provider;
        _startTimestamp = provider.GetTimestamp();
        _startTicks = (provider.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks;
    }

    public TimeProvider Provider { get; }

    /// <summary>
    /// How far batch times are ahead of the clock: more than zero where an earlier run's batches are later than the
    /// present, or where batches do not wait for the clock. Set before the first wait, and then by the thread that
    /// waits.
    /// </summary>
    public TimeSpan BatchesAhead { get; set; }

    /// <summary>Time since the epoch, exactly.</summary>
    public TimeSpan Now => new(_startTicks + Provider.GetElapsedTime(_startTimestamp).Ticks);

    /// <summary>Milliseconds since the epoch, with parts: for delays that are shown.</summary>
    public double NowMs => Now.TotalMilliseconds;

    /// <summary>How long it is until a batch time; negative when it is past.</summary>
    public TimeSpan Until(long timeMs) => new TimeSpan(timeMs * TimeSpan.TicksPerMillisecond) - Now - BatchesAhead;

    /// <summary>It is time for a batch: those after it come as much earlier, too.</summary>
    public void SkipTo(long timeMs)
    {
        if (Until(timeMs) is var left && left > TimeSpan.Zero)
        {
            BatchesAhead += left;
        }
    }

    /// <summary>The timestamp of the provider at which it is time for the batch <paramref name="timeMs"/>.</summary>
    public long TimestampAt(long timeMs)
    {
        Int128 ticks = ((Int128)timeMs * TimeSpan.TicksPerMillisecond) - _startTicks - BatchesAhead.Ticks;
        return _startTimestamp + (long)(((ticks * Provider.TimestampFrequency) + TimeSpan.TicksPerSecond - 1) / TimeSpan.TicksPerSecond);
    }
}
