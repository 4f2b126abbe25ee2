namespace FastStream;

/// <summary>
/// What the wall clock reads at a batch. Batch times go on from the wall clock's reading at the start by the monotonic
/// clock, and files' times come from the wall clock: the two part when the wall clock is set or the machine is
/// suspended.
/// </summary>
/// <param name="time">The context's clock, read now for the first time.</param>
internal sealed class WallClock(TimeProvider time)
{
    private const long NoStepMs = 10;   // less is what two readings are apart

    private readonly DateTimeOffset _startUtc = time.GetUtcNow();
    private readonly long _startTimestamp = time.GetTimestamp();

    /// <summary>What the wall clock reads, in milliseconds since the epoch.</summary>
    public long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>
    /// How far the wall clock is ahead of a batch's time, in milliseconds, lateness of the batch left out; less than 0
    /// where it is behind.
    /// </summary>
    public long StepMs(BatchTime batch)
    {
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset carriedOn = _startUtc + time.GetElapsedTime(_startTimestamp);

        // Batch times may be ahead of the clock from the start on, where an earlier run's clock was.
        long aheadMs = batch.Milliseconds - carriedOn.ToUnixTimeMilliseconds();
        long stepMs = (now - carriedOn).Ticks / TimeSpan.TicksPerMillisecond - Math.Max(0, aheadMs > NoStepMs ? aheadMs : 0);
        return Math.Abs(stepMs) < NoStepMs ? 0 : stepMs;
    }
}
