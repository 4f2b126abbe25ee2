using FastStream.Cli;

namespace FastStream.Tests.Cli;

/// <summary>Which intervals are tried, and which is taken.</summary>
public sealed class IntervalSearchTests
{
    [Fact]
    public void Next_AllStable_HalvesToTheLeast() =>
        Assert.Equal([10_000, 5_000, 2_500, 1_250, 625, 312, 156, 78, 39, 20, 10, 5, 2, 1], Tried(10_000, 1, 3, _ => true));

    [Fact]
    public void Next_LeastBetweenHalves_IsTriedItself() => Assert.Equal([100, 50, 40], Tried(100, 40, 3, _ => true));

    [Fact]
    public void Next_FirstUnstable_MeetsBetween() => Assert.Equal([1_000, 500, 250, 354, 297, 324], Tried(1_000, 1, 3, ms => ms >= 300));

    [Fact]
    public void Next_BeginUnstable_Ends() => Assert.Equal([1_000], Tried(1_000, 1, 3, _ => false));

    [Fact]
    public void Next_NeighboursInMilliseconds_Ends() => Assert.Equal([4, 2, 1], Tried(4, 1, 5, ms => ms >= 2));

    [Fact]
    public void Ahead_AtTheBeginning_IsEveryHalf() =>
        Assert.Equal([8, 4, 2, 1],
            new IntervalSearch(TimeSpan.FromMilliseconds(8), TimeSpan.FromMilliseconds(1), 3).Ahead()
                .Select(each => each.TotalMilliseconds));

    [Fact]
    public void Of_StableStepWithMargin_IsTaken()
    {
        (double? taken, string advice) =
            Recommendation.Of([Step(100, 40), Step(50, 30), Step(25, 23), Step(12, 15, VerdictKind.Unstable)], 0.25,
                TimeSpan.FromMilliseconds(1));
        Assert.Equal((50, "Take 50 ms: at p95 40 % of it is free. 25 ms was stable too, with 8 % free: less than the margin of 25 %."),
            (taken, advice));
    }

    [Fact]
    public void Of_LeastStable_SaysWhyNotLess()
    {
        (double? taken, string advice) =
            Recommendation.Of([Step(100, 40), Step(50, 55, VerdictKind.Unstable)], 0.25, TimeSpan.FromMilliseconds(1));
        Assert.Equal((100, "Take 100 ms: at p95 60 % of it is free. 50 ms was not stable: because."), (taken, advice));
    }

    [Fact]
    public void Of_NoStepWithMargin_TakesTheOneThatLeavesMost()
    {
        (double? taken, string advice) = Recommendation.Of([Step(100, 90), Step(50, 48)], 0.25, TimeSpan.FromMilliseconds(1));
        Assert.Equal(100, taken);
        Assert.Contains("It bears no peak.", advice, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_NothingStable_SaysWhatToDo()
    {
        (double? taken, string advice) = Recommendation.Of([Step(100, 140, VerdictKind.Unstable)], 0.25, TimeSpan.FromMilliseconds(1));
        Assert.Null(taken);
        Assert.StartsWith("No interval was stable.", advice, StringComparison.Ordinal);
    }

    /// <summary>A step with an interval and a p95 of the processing time.</summary>
    internal static StepResult Step(double intervalMs, double p95, VerdictKind verdict = VerdictKind.Stable) => new()
    {
        IntervalMs = intervalMs,
        Verdict = verdict,
        Reason = "because",
        MeasuredSeconds = 10,
        Batches = 100,
        Records = 100_000,
        ProcessingMs = new Percentiles(p95 * 0.8, p95, p95 * 1.1, p95 * 1.2, p95 * 1.3),
        ProcessingGrowthMsPerMinute = 0,
        DelayMs = new Percentiles(0.1, 0.2, 0.3, 0.4, 0.5),
        DelayGrowthMsPerSecond = 0,
        LatencyMs = new Percentiles(intervalMs / 2, intervalMs, intervalMs + p95, intervalMs + (p95 * 1.2), intervalMs + (p95 * 1.3)),
        IsLatencyMeasured = true,
        LatencyHistogram = [[intervalMs / 2, 50_000], [intervalMs, 45_000], [intervalMs + p95, 5_000]],
        RecordsPerSecond = 10_000,
        Headroom = intervalMs / p95,
        AllocatedBytesPerRecord = 0.5,
        Pauses = 1,
        LongestPauseMs = 0.4,
        PauseShare = 0.001,
        OthersCpu = 0.01,
    };

    private static double[] Tried(double from, double least, int refinements, Func<double, bool> isStable)
    {
        var search = new IntervalSearch(TimeSpan.FromMilliseconds(from), TimeSpan.FromMilliseconds(least), refinements);
        var tried = new List<double>();
        while (search.Next() is { } interval)
        {
            tried.Add(interval.TotalMilliseconds);
            search.Add(interval, isStable(interval.TotalMilliseconds));
        }

        return [.. tried];
    }
}
