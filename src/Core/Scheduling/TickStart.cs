namespace FastStream;

/// <summary>Where the batch times of a start begin: on a grid of its own, or on an earlier run's, after its last batch.</summary>
/// <param name="ZeroTime">The grid's zero time.</param>
/// <param name="After">The first tick is the first one of the grid after this time.</param>
/// <param name="Now">What the clock of batch times reads: ticks up to it passed while the program was down, and come
/// each, whatever the policy for missed ticks.</param>
/// <param name="SkippedUntil">Times of the down time up to this one are left out by policy; null for a first start.</param>
/// <param name="Ahead">How far batch times go on ahead of the clock, because it is behind the last batch.</param>
internal readonly record struct TickStart(BatchTime ZeroTime, BatchTime After, BatchTime Now, BatchTime? SkippedUntil, TimeSpan Ahead)
{
    /// <summary>A graceful stop may run two batches of times to come: so far ahead is no clock that was set back.</summary>
    private const int UsualIntervalsAhead = 2;

    /// <param name="now">What the clock reads.</param>
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
            // By whole intervals, so that the grid stays, to where the next batch is at most one interval away.
            ahead = interval * (((last - now).Ticks + interval.Ticks - 1) / interval.Ticks);
            now += ahead;
        }

        // Later than the last batch, and on the grid: the times of the down time are behind it.
        BatchTime present = last > now ? last : now.Floor(interval, zero);
        BatchTime after = options.CatchUp != CatchUpPolicy.RunEach ? present
            : options.CatchUpLimit == Timeout.InfiniteTimeSpan || present - last <= options.CatchUpLimit ? last
            : (present - options.CatchUpLimit).Floor(interval, zero);
        return new TickStart(zero, after, now, options.CatchUp == CatchUpPolicy.RunDue ? last : after, ahead);
    }
}
