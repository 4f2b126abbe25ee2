using FastStream.Cli;

namespace FastStream.Tests.Cli;

/// <summary>Verdicts of made samples.</summary>
public sealed class StabilityJudgeTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Judge_ProcessingWellBelowTheInterval_IsStable()
    {
        Verdict verdict = Judge(Samples(index => (delay: 1, processing: 200 + (index % 3))));
        Assert.Equal(VerdictKind.Stable, verdict.Kind);
        Assert.Contains("20 %", verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Judge_ProcessingLongerThanTheInterval_IsUnstable()
    {
        Verdict verdict = Judge(Samples(index => (delay: index * 200, processing: 1200)));
        Assert.Equal((VerdictKind.Unstable, "half of the batches take 1.2 s or more, longer than the interval"),
            (verdict.Kind, verdict.Reason));
    }

    [Fact]
    public void Judge_BatchesLaterAndLater_IsUnstable()
    {
        // An output that waits between batches: the batches themselves are short.
        Verdict verdict = Judge(Samples(index => (delay: index * 100, processing: 400)));
        Assert.Equal(VerdictKind.Unstable, verdict.Kind);
        Assert.StartsWith("batches begin later and later, by 100 ms each second", verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Judge_BatchesThatStayLate_IsUnstable() =>
        Assert.Equal(VerdictKind.Unstable, Judge(Samples(_ => (delay: 4_000, processing: 900))).Kind);

    [Fact]
    public void Judge_OneLateBatch_IsStable() =>
        Assert.Equal(VerdictKind.Stable, Judge(Samples(index => (delay: index == 20 ? 800 : 1, processing: index == 20 ? 900 : 300))).Kind);

    [Fact]
    public void Judge_FewerBatchesThanExpected_IsUnstable()
    {
        Verdict verdict = Judge(Samples(_ => (delay: 1, processing: 500), count: 9) with { Length = TimeSpan.FromSeconds(30) });
        Assert.Equal((VerdictKind.Unstable, "9 batches of about 30 were done"), (verdict.Kind, verdict.Reason));
    }

    [Fact]
    public void Judge_FewBatchesWhereFewWereExpected_IsUndecided() =>
        Assert.Equal(VerdictKind.Undecided, Judge(Samples(_ => (delay: 1, processing: 500), count: 4)).Kind);

    [Fact]
    public void Judge_ProcessingThatGrows_IsDrifting()
    {
        Verdict verdict = Judge(Samples(index => (delay: 1, processing: 300 + (index * 5))));
        Assert.Equal(VerdictKind.Drifting, verdict.Kind);
        Assert.StartsWith("processing takes 300 ms longer each minute and reaches the interval in ", verdict.Reason,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Judge_GrowthThatReachesTheIntervalNoSoon_IsStable() =>
        Assert.Equal(VerdictKind.Stable, Judge(Samples(index => (delay: 1, processing: 2 + (index / 50.0)))).Kind);

    [Fact]
    public void Judge_SpreadWithoutTrend_IsStable()
    {
        var random = new SeededRandom(7);
        Assert.Equal(VerdictKind.Stable, Judge(Samples(_ => (delay: random.Below(5), processing: 300 + random.Below(300)))).Kind);
    }

    [Fact]
    public void Judge_PeaksBeyondTheInterval_IsNoisy()
    {
        Verdict verdict = Judge(Samples(index => (delay: 1, processing: index % 10 == 0 ? 1_400 : 300)));
        Assert.Equal(VerdictKind.Noisy, verdict.Kind);
        Assert.StartsWith("one batch in twenty takes 1.4 s or more", verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Judge_RecordsThatWereNotTaken_IsUnstable()
    {
        Verdict verdict = Judge(Samples(_ => (delay: 1, processing: 300)) with { OfferedPerSecond = 1_500 });
        Assert.Equal((VerdictKind.Unstable, "1,000 records a second were taken of 1,500 that were sent"), (verdict.Kind, verdict.Reason));
    }

    [Fact]
    public void Judge_NotInTimeWhileOthersUsedTheMachine_IsSpoilt()
    {
        StepSamples samples = Samples(index => (delay: index * 200, processing: 1200)) with { OthersCpu = 0.4 };
        Verdict verdict = Judge(samples);
        Assert.Equal(
            (VerdictKind.Spoilt,
                "other processes used 40 % of the machine; as it was: half of the batches take 1.2 s or more, longer than the interval"),
                    (verdict.Kind, verdict.Reason));
        Assert.Equal(VerdictKind.Unstable, new StabilityJudge(othersLimit: 0.5).Judge(samples).Kind);
    }

    [Fact]
    public void Judge_InTimeWhileOthersUsedTheMachine_IsStable() =>
        Assert.Equal(VerdictKind.Stable, Judge(Samples(_ => (delay: 1, processing: 200)) with { OthersCpu = 0.4 }).Kind);

    private static Verdict Judge(StepSamples samples) => new StabilityJudge().Judge(samples);

    private static StepSamples Samples(Func<int, (double delay, double processing)> batch, int count = 40) => new()
    {
        Interval = Second,
        Length = Second * count,
        OfferedPerSecond = 1_000,
        Batches = [.. Enumerable.Range(0, count)
            .Select(index =>
                new BatchSample(Second * index, TimeSpan.FromMilliseconds(batch(index).delay),
                    TimeSpan.FromMilliseconds(batch(index).processing), 1_000))],
    };
}
