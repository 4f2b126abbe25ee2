namespace FastStream;

/// <summary>What happens, when a program with checkpoints starts again, to the batch times that passed while it was down.</summary>
public enum CatchUpPolicy
{
    /// <summary>
    /// Those run at which something is due though nothing came in: a window ends that holds records, a state's time is
    /// out, an output has a slide longer than the batch interval. They run without input; what arrived meanwhile is in
    /// the first batch after the start. All results are those of <see cref="RunEach"/>, but for functions that count
    /// calls without values. The default.
    /// </summary>
    RunDue,

    /// <summary>Each runs, back to back, in order; what arrived meanwhile is in the first one (as in Spark).</summary>
    RunEach,

    /// <summary>
    /// None runs: windows that ended meanwhile never come out. The times are counted in
    /// <see cref="StreamingMetrics.SkippedTicks"/>.
    /// </summary>
    Skip,
}
