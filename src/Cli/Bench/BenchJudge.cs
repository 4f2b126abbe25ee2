using static System.FormattableString;

namespace FastStream.Cli;

/// <summary>Decides whether results are credible, and compares them. Uses neither clock nor machine.</summary>
internal static class BenchJudge
{
    /// <summary>The part of the machine that other processes may use, 0 to 1.</summary>
    public const double OthersBound = 0.05;

    /// <summary>The spread that rounds may have, as a part of the median.</summary>
    public const double SpreadBound = 0.1;

    /// <summary>Says why a result is not credible; null where it is.</summary>
    public static string? Noise(BenchResult result) =>
        result.OthersCpu > OthersBound
            ? Invariant($"{result.Workload}: other processes used {result.OthersCpu:0 %} of the machine; less than ")
            + Invariant($"{OthersBound:0 %} is expected")
        : result.Spread > SpreadBound
            ? Invariant($"{result.Workload}: rounds differ by {result.Spread:0 %}; less than {SpreadBound:0 %} is expected")
        : null;

    /// <summary>Compares a result with an earlier one, in words.</summary>
    public static string Compare(BenchResult now, BenchResult before)
    {
        double ratio = before.NanosecondsPerRecord / now.NanosecondsPerRecord;
        double spread = Math.Max(now.Spread, before.Spread);
        string words = Math.Abs(ratio - 1) <= spread ? "no difference beyond the spread" : ratio > 1 ? "faster" : "slower";
        return Invariant(
            $"{now.Workload}: ×{ratio:0.00} ± {spread:0.00}, {words} ({before.NanosecondsPerRecord:0.#} → ")
            + Invariant($"{now.NanosecondsPerRecord:0.#} ns a record)");
    }

    /// <summary>Returns the median of the rounds.</summary>
    public static BenchResult Of(string workload, IReadOnlyList<BenchRound> rounds, double bytesPerRecord)
    {
        double median = Trend.Median(rounds.Select(round => round.NanosecondsPerRecord));
        return new BenchResult
        {
            Workload = workload,
            NanosecondsPerRecord = Math.Round(median, 2),
            MegabytesPerSecond = Math.Round(median == 0 ? 0 : bytesPerRecord * 1000 / median, 1),
            AllocatedBytesPerRecord = Math.Round(Trend.Median(rounds.Select(round => round.AllocatedBytesPerRecord)), 2),
            Spread = Math.Round(median == 0
                ? 0 : (rounds.Max(round => round.NanosecondsPerRecord) - rounds.Min(round => round.NanosecondsPerRecord)) / median, 3),
            OthersCpu = rounds.Max(round => round.OthersCpu),
        };
    }
}

/// <summary>One round of one workload.</summary>
internal readonly record struct BenchRound(double NanosecondsPerRecord, double AllocatedBytesPerRecord, double? OthersCpu);
