namespace FastStream;

/// <summary>What a program with checkpoints does at a restart about the batch times that passed while it was down.</summary>
public enum CatchUpPolicy
{
    /// <summary>
    /// Runs those times at which something is due even without input: a window with records ends, a state times out, an
    /// output has a slide longer than the batch interval. They run without input; the first batch after the start
    /// contains what arrived meanwhile. The results equal those of <see cref="RunEach"/>, except for functions that
    /// count calls without values. The default.
    /// </summary>
    RunDue,

    /// <summary>
    /// Runs each of them, back to back, in order; the first one contains what arrived meanwhile (as in Spark).
    /// </summary>
    RunEach,

    /// <summary>
    /// Runs none of them: windows that ended meanwhile are never output. The skipped times are counted in
    /// <see cref="StreamingMetrics.SkippedTicks"/>.
    /// </summary>
    Skip,
}
