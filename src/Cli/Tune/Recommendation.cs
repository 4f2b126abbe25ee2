using System.Globalization;
using static System.FormattableString;

namespace FastStream.Cli;

/// <summary>Recommends one of the measured intervals, with a safety margin.</summary>
internal static class Recommendation
{
    /// <summary>
    /// Chooses the shortest stable interval that leaves the margin free at p95; if none does, the stable one that
    /// leaves most.
    /// </summary>
    /// <param name="steps">Steps of one setting.</param>
    /// <param name="margin">The part of the interval that must be free, 0 to 1.</param>
    /// <param name="least">The shortest interval that was to be tried.</param>
    public static (double? IntervalMs, string Advice) Of(IReadOnlyList<StepResult> steps, double margin, TimeSpan least)
    {
        StepResult[] stable = [.. steps.Where(step => step.IsStable()).OrderBy(step => step.IntervalMs)];
        if (stable.Length == 0)
        {
            return (null, steps.Count == 0
                ? "Nothing was measured."
                : "No interval was stable. Begin with a longer one (--from), send less, or make the work of a batch "
                    + "less: the reasons of the verdicts say where it fails.");
        }

        StepResult? taken = Array.Find(stable, step => step.ProcessingMs.P95 <= step.IntervalMs * (1 - margin));
        if (taken is null)
        {
            taken = stable.MaxBy(step => step.Headroom)!;
            return (taken.IntervalMs,
                Invariant($"Take {Ms(taken)}: it is stable, but at p95 only {Free(taken)} of it is free, less than ")
                + Invariant($"the margin of {Percent(margin)}. It bears no peak."));
        }

        string why = stable[0] == taken
            ? WhyLeast(steps, taken, least)
                : Invariant($"{Ms(stable[0])} was stable too, with {Free(stable[0])} free: less than the margin of {Percent(margin)}.");
        return (taken.IntervalMs, Invariant($"Take {Ms(taken)}: at p95 {Free(taken)} of it is free. {why}"));
    }

    private static string WhyLeast(IReadOnlyList<StepResult> steps, StepResult taken, TimeSpan least) =>
        steps.Where(step => !step.IsStable() && step.IntervalMs < taken.IntervalMs).MaxBy(step => step.IntervalMs) is { } below
            ? Invariant($"{Ms(below)} was not stable: {below.Reason}.")
            : taken.IntervalMs <= least.TotalMilliseconds
                ? "It is the least that was to be tried."
                : "Nothing below it was tried.";

    private static string Ms(StepResult step) => Times.Text(TimeSpan.FromMilliseconds(step.IntervalMs));

    private static string Free(StepResult step) => Percent(1 - (step.ProcessingMs.P95 / step.IntervalMs));

    private static string Percent(double part) => string.Create(CultureInfo.InvariantCulture, $"{part:0 %}");
}
