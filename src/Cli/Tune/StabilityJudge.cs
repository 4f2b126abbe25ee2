using static System.FormattableString;

namespace FastStream.Cli;

/// <summary>The result of a step.</summary>
internal enum VerdictKind
{
    /// <summary>Batches are processed within the interval, and nothing grows.</summary>
    Stable,

    /// <summary>Batches take longer than the interval, or begin later and later.</summary>
    Unstable,

    /// <summary>The job keeps up, but batches take longer and longer.</summary>
    Drifting,

    /// <summary>
    /// The job keeps up at the median, but more than one batch in twenty takes longer than the interval.
    /// </summary>
    Noisy,

    /// <summary>The job did not keep up, but other processes used the machine meanwhile.</summary>
    Spoilt,

    /// <summary>There were too few batches to judge.</summary>
    Undecided,
}

/// <summary>A judgement and its reason.</summary>
internal sealed record Verdict(VerdictKind Kind, string Reason)
{
    public bool IsStable => Kind == VerdictKind.Stable;
}

/// <summary>One batch of a step.</summary>
/// <param name="At">The batch's time, relative to the step's first batch.</param>
/// <param name="Delay">From the batch's time to the beginning of its processing; not from its submission, because a
/// late batch is also submitted late.</param>
/// <param name="Processing">How long its processing took.</param>
/// <param name="Records">Its records.</param>
internal readonly record struct BatchSample(TimeSpan At, TimeSpan Delay, TimeSpan Processing, long Records);

/// <summary>The observations of a step, after its warm-up.</summary>
internal sealed record StepSamples
{
    public required TimeSpan Interval { get; init; }

    /// <summary>The length of the measurement.</summary>
    public required TimeSpan Length { get; init; }

    public required IReadOnlyList<BatchSample> Batches { get; init; }

    /// <summary>Records sent a second; null where it is unknown.</summary>
    public double? OfferedPerSecond { get; init; }

    /// <summary>The part of the machine that other processes used, 0 to 1.</summary>
    public double OthersCpu { get; init; }
}

/// <summary>Decides from the samples of a step whether a program keeps up. Uses neither clock nor machine.</summary>
/// <param name="othersLimit">The part of the machine, 0 to 1, that other processes may use before a step that did not
/// keep up counts as spoilt.</param>
internal sealed class StabilityJudge(double othersLimit = 0.1)
{
    private const int FewestBatches = 5;
    private const int FewestExpected = 3;
    private const double Certain = 3;              // standard deviations
    private const double RisingDelay = 0.02;       // seconds later, each second
    private const double FewestTaken = 0.95;       // of the records that were sent
    private const double GrownBy = 0.15;           // of the median processing time, within a step
    private const double Foreseen = 20;            // a trend predicts at most this many step lengths ahead
    // on a busy machine timers and threads are late by some milliseconds
    private static readonly TimeSpan LeastDelay = TimeSpan.FromMilliseconds(20);

    /// <summary>Judges one step.</summary>
    public Verdict Judge(StepSamples samples)
    {
        Verdict verdict = JudgeAlone(samples);
        return verdict.Kind is VerdictKind.Stable or VerdictKind.Undecided || samples.OthersCpu <= othersLimit
            ? verdict
            : new Verdict(VerdictKind.Spoilt,
                Invariant($"other processes used {samples.OthersCpu:0 %} of the machine; as it was: {verdict.Reason}"));
    }

    private static Verdict JudgeAlone(StepSamples samples)
    {
        IReadOnlyList<BatchSample> batches = samples.Batches;
        TimeSpan interval = samples.Interval;
        double expected = samples.Length / interval;
        if (expected >= FewestExpected && batches.Count < expected / 2)
        {
            return new Verdict(VerdictKind.Unstable, Invariant($"{batches.Count} batches of about {expected:0} were done"));
        }

        if (batches.Count < FewestBatches)
        {
            return new Verdict(VerdictKind.Undecided,
                Invariant($"{batches.Count} batches are too few to tell; {FewestBatches} are needed"));
        }

        TimeSpan median = Part(batches, 0.5);
        TimeSpan high = Part(batches, 0.95);
        return NotInTime(batches, interval, median)
            ?? NotTaken(samples)
            ?? Growing(batches, interval, median)
            ?? (high > interval
                ? new Verdict(VerdictKind.Noisy,
                    Invariant($"one batch in twenty takes {Times.Text(high)} or more, longer than the interval; the ")
                    + Invariant($"median is {Times.Text(median)}"))
                : new Verdict(VerdictKind.Stable,
                    Invariant($"processing takes {high / interval:0 %} of the interval at p95, and batches begin in time")));
    }

    private static Verdict? NotInTime(IReadOnlyList<BatchSample> batches, TimeSpan interval, TimeSpan median)
    {
        if (median > interval)
        {
            return new Verdict(VerdictKind.Unstable,
                Invariant($"half of the batches take {Times.Text(median)} or more, longer than the interval"));
        }

        Trend delay = Trend.Of([.. batches.Select(batch => (batch.At.TotalSeconds, batch.Delay.TotalSeconds))]);
        TimeSpan last = TimeSpan.FromSeconds(Trend.Median(batches.Skip(batches.Count * 3 / 4).Select(batch => batch.Delay.TotalSeconds)));
        TimeSpan bound = interval > LeastDelay ? interval : LeastDelay;
        if (delay.Slope > RisingDelay && delay.Certainty > Certain && last > bound)
        {
            return new Verdict(VerdictKind.Unstable,
                Invariant($"batches begin later and later, by {Times.Text(TimeSpan.FromSeconds(delay.Slope))} each ")
                + Invariant($"second; at the end by {Times.Text(last)}"));
        }

        return last > 3 * bound
            ? new Verdict(VerdictKind.Unstable, Invariant($"batches begin {Times.Text(last)} late, more than three intervals")) : null;
    }

    // With backpressure, receivers leave the rest with the sender, so the batches themselves look good.
    private static Verdict? NotTaken(StepSamples samples)
    {
        double taken =
            samples.Batches.Sum(batch => batch.Records) / (samples.Batches[^1].At - samples.Batches[0].At + samples.Interval).TotalSeconds;
        return samples.OfferedPerSecond is { } offered && taken < offered * FewestTaken
            ? new Verdict(VerdictKind.Unstable, Invariant($"{taken:N0} records a second were taken of {offered:N0} that were sent"))
            : null;
    }

    private static Verdict? Growing(IReadOnlyList<BatchSample> batches, TimeSpan interval, TimeSpan median)
    {
        Trend processing = Trend.Of([.. batches.Select(batch => (batch.At.TotalSeconds, batch.Processing.TotalSeconds))]);
        double seconds = (batches[^1].At - batches[0].At).TotalSeconds;
        double grown = processing.Slope * seconds;
        double reached = (interval - median).TotalSeconds / processing.Slope;   // seconds until the median reaches the interval
        return processing.Certainty > Certain && grown > GrownBy * median.TotalSeconds && reached < Foreseen * seconds
            ? new Verdict(VerdictKind.Drifting,
                Invariant($"processing takes {Times.Text(TimeSpan.FromSeconds(processing.Slope * 60))} longer each ")
                + Invariant($"minute and reaches the interval in {Times.Text(TimeSpan.FromSeconds(reached))}"))
            : null;
    }

    private static TimeSpan Part(IReadOnlyList<BatchSample> batches, double part)
    {
        TimeSpan[] sorted = [.. batches.Select(batch => batch.Processing).Order()];
        return sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * part))];
    }
}
