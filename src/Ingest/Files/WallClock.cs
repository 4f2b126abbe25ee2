namespace FastStream;

/// <summary>
/// Reads the wall clock at a batch. Batch times begin with the wall clock's reading at the start and advance by the
/// monotonic clock, whereas files get their times from the wall clock: the two diverge when the wall clock is set or
/// the machine is suspended.
/// </summary>
/// <param name="time">The context's clock, read now for the first time.</param>
internal sealed class WallClock(TimeProvider time)
{
    private const long NoStepMs = 10;   // a smaller step is the time between two readings

    private readonly DateTimeOffset _startUtc = time.GetUtcNow();
    private readonly long _startTimestamp = time.GetTimestamp();

    /// <summary>What the wall clock reads, in milliseconds since the epoch.</summary>
    public long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>
    /// Returns how far the wall clock is ahead of a batch's time, in milliseconds, not counting the lateness of the
    /// batch; less than 0 where the clock is behind.
    /// </summary>
    public long StepMs(BatchTime batch)
    {
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset advanced = _startUtc + time.GetElapsedTime(_startTimestamp);

        // Batch times may be ahead of the clock from the start, if the clock of an earlier run was.
        long aheadMs = batch.Milliseconds - advanced.ToUnixTimeMilliseconds();
        long stepMs = (now - advanced).Ticks / TimeSpan.TicksPerMillisecond - Math.Max(0, aheadMs > NoStepMs ? aheadMs : 0);
        return Math.Abs(stepMs) < NoStepMs ? 0 : stepMs;
    }
}
