namespace FastStream;

/// <summary>
/// The batch times between the last batch that ran and the next one: decides which of them run after all, without
/// input, and which are skipped.
/// </summary>
/// <remarks>Belongs to the scheduler's loop.</remarks>
/// <param name="due">The times at which something is due.</param>
/// <param name="options">Interval and policies.</param>
/// <param name="last">The last batch that the states include.</param>
/// <param name="skippedUntil">
/// The last of the times that the policy skips because the program was down; null if it was not down.
/// </param>
internal sealed class BatchGap(DueTimes due, StreamingOptions options, BatchTime last, BatchTime? skippedUntil)
{
    private BatchTime _last = last;
    private BatchTime? _skippedUntil = skippedUntil;   // until the first new batch

    /// <summary>
    /// Called at the end of a gap with the number of times that did not run and the warning; the warning is null if
    /// there was one already.
    /// </summary>
    public Action<long, string?>? OnSkipped { get; init; }

    /// <summary>
    /// Whether a batch directly follows the one before it, as nearly all do: then there is no gap to examine.
    /// </summary>
    public bool TryPass(JobSet batch)
    {
        if (batch.Time - _last != options.BatchInterval)
        {
            return false;
        }

        _last = batch.Time;
        _skippedUntil = batch.Recovery is null ? null : _skippedUntil;
        return true;
    }

    /// <summary>
    /// Returns the times before a batch at which something is due, in order; run each before requesting the next one.
    /// </summary>
    public IEnumerable<BatchTime> DueBefore(JobSet batch)
    {
        BatchTime from = _last;
        BatchTime to = batch.Time;
        _last = to;
        if (batch.IsDecided)
        {
            yield break;   // an earlier run has already passed the gap
        }

        bool wasDown = batch.Recovery is null && _skippedUntil is not null;
        BatchTime start = options.CatchUpLimit == Timeout.InfiniteTimeSpan
            ? from : Later(from, to - options.CatchUpLimit - options.BatchInterval);
        if (batch.Recovery is not null && options is { CatchUp: CatchUpPolicy.Skip, MissedTicks: MissedTickPolicy.RunEach })
        {
            start = to;   // an earlier run was about to skip the times of its own downtime
        }
        else if (wasDown)
        {
            start = Later(start, _skippedUntil!.Value);
            _skippedUntil = null;
        }

        // A sliding window skipped while the context is behind loses no record: running it would cost the time that the
        // policy wants to save.
        bool slidesOnly = !wasDown && batch.Recovery is null && options.MissedTicks == MissedTickPolicy.RunNewest;
        long run = 0;
        for (BatchTime? next = Next(start); next < to; next = Next(next.Value))
        {
            run++;
            yield return next.Value;
        }

        long skipped = ((to - from).Ticks / options.BatchInterval.Ticks) - 1 - run;
        if (skipped > 0 && batch.Recovery is null)
        {
            // A batch that was not generated has been reported already.
            bool isCut = start > from;
            OnSkipped?.Invoke(skipped, isCut || wasDown || slidesOnly ? Describe(from, to, skipped, run, isCut, wasDown) : null);
        }

        BatchTime? Next(BatchTime after) => slidesOnly ? due.NextSlide(after) : due.Next(after);
    }

    private string Describe(BatchTime from, BatchTime to, long skipped, long run, bool isCut, bool wasDown)
    {
        string times = $"{skipped} batch times between {from} and {to} were left out";
        string reason = wasDown ? "the program was down" : "the context was behind";
        string fate = isCut
            ? "Windows that ended at them do not come out, as "
                + $"{nameof(StreamingOptions)}.{nameof(StreamingOptions.CatchUp)} ({options.CatchUp}) and "
                + $"{nameof(StreamingOptions.CatchUpLimit)} ({options.CatchUpLimit}) say"
            : "Nothing was due at them; only functions that count calls without values see a difference";
        return $"{times}: {reason}. {fate}. {run} ran without input.";
    }

    private static BatchTime Later(BatchTime a, BatchTime b) => a > b ? a : b;
}
