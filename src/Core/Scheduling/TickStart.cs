namespace FastStream;

/// <summary>Where the batch times of a start begin: on a new grid, or on an earlier run's, after its last batch.</summary>
/// <param name="ZeroTime">The grid's zero time.</param>
/// <param name="After">The first tick is the first one of the grid after this time.</param>
/// <param name="Now">
/// The reading of the clock of batch times: ticks up to it passed while the program was down, and each of them is
/// called, whatever the policy for missed ticks.
/// </param>
/// <param name="SkippedUntil">
/// The last of the times that the policy skips because the program was down; null for a first start.
/// </param>
/// <param name="Ahead">How far batch times stay ahead of the clock, because it is behind the last batch.</param>
internal readonly record struct TickStart(BatchTime ZeroTime, BatchTime After, BatchTime Now, BatchTime? SkippedUntil, TimeSpan Ahead)
{
    /// <summary>
    /// A graceful stop may run two batches of future times: being that far ahead is no sign of a clock that was set
    /// back.
    /// </summary>
    private const int UsualIntervalsAhead = 2;

    /// <param name="now">The clock's reading.</param>
    /// <param name="options">Interval and policies.</param>
    /// <param name="earlier">An earlier run's zero time and last batch; null for a first start.</param>
    public static TickStart Of(BatchTime now, StreamingOptions options, (BatchTime ZeroTime, BatchTime Last)? earlier)
    {
        TimeSpan interval = options.BatchInterval;
        if (earlier is not var (zero, last))
        {
            BatchTime begin = now.Floor(interval);
            return new TickStart(begin, begin, now, null, TimeSpan.Zero);
        }

        TimeSpan ahead = TimeSpan.Zero;
        if (last - now > interval * UsualIntervalsAhead)
        {
            // By whole intervals, to keep the grid, so far that the next batch is at most one interval away.
            ahead = interval * (((last - now).Ticks + interval.Ticks - 1) / interval.Ticks);
            now += ahead;
        }

        // Later than the last batch, and on the grid: the times of the downtime are before it.
        BatchTime present = last > now ? last : now.Floor(interval, zero);
        BatchTime after = options.CatchUp != CatchUpPolicy.RunEach ? present
            : options.CatchUpLimit == Timeout.InfiniteTimeSpan || present - last <= options.CatchUpLimit ? last
            : (present - options.CatchUpLimit).Floor(interval, zero);
        return new TickStart(zero, after, now, options.CatchUp == CatchUpPolicy.RunDue ? last : after, ahead);
    }
}
