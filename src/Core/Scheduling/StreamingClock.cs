namespace FastStream;

/// <summary>The clock of batch times: the wall clock's reading at the start, carried on by the monotonic clock.</summary>
/// <remarks>
/// Times are computed from the clock, never by counting ticks; a wall clock that is set back or forth while the context runs moves no batch.
/// Works on any <see cref="TimeProvider"/> whose time and timestamps go together. Safe from any thread.
/// </remarks>
internal sealed class StreamingClock
{
    private readonly long _startTimestamp;
    private readonly double _startMs;

    public StreamingClock(TimeProvider provider)
    {
        Provider = provider;
        _startTimestamp = provider.GetTimestamp();
        _startMs = (provider.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalMilliseconds;
    }

    public TimeProvider Provider { get; }

    /// <summary>Milliseconds since the epoch, with parts.</summary>
    public double NowMs => _startMs + Provider.GetElapsedTime(_startTimestamp).TotalMilliseconds;

    /// <summary>The timestamp of the provider at which the clock will read <paramref name="timeMs"/>.</summary>
    public long TimestampAt(double timeMs) =>
        _startTimestamp + (long)Math.Ceiling((timeMs - _startMs) * Provider.TimestampFrequency / 1000);
}
