using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

/// <summary>Records whose memory cannot be copied: a window holds their batches, as long as they are in it and no longer.</summary>
public sealed class HeldBatchTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(3);

    public static TheoryData<string> Names => [.. ByName.Keys];

    // What is described, and the batches that are held in the end: those that a later window needs.
    private static Dictionary<string, (Func<DStream<Utf8Text>, DStream<long>> Describe, int Held)> ByName { get; } = new()
    {
        ["Window of arrays"] = (lines => lines.Glom().Window(Long).Count(), 3),
        ["Window of groups"] = (lines => Pairs(lines).GroupByKey().Window(Long).Count(), 3),
        ["Window of texts and arrays"] = (lines => lines.Map(line => (line, new[] { line })).Window(Long).Count(), 3),
        ["Window of windows"] = (lines => lines.Glom().Window(Long).Window(Long).Count(), 5),
        ["Windows of one stream"] =
            (lines => lines.Glom().Window(Long).Union(lines.Glom().Window(Long - TimeSpan.FromSeconds(1))).Count(), 3),
        ["ReduceByKeyAndWindow"] =
            (lines => Pairs(lines).MapValues(line => new[] { line }).ReduceByKeyAndWindow((a, _) => a, Long).Count(), 3),
        ["Incremental"] =
            (lines => Pairs(lines).MapValues(line => new[] { line }).ReduceByKeyAndWindow((a, _) => a, (a, _) => a, Long).Count(), 3),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public async Task ManyBatches_HoldThoseOfTheWindow_AndNoneInTheEnd(string name)
    {
        foreach (int partitions in (int[])[1, 3])
        {
            await using var scenario = new StreamScenario(ContinuingIn(partitions));
            string[] batch = [new string('a', 40), new string('b', 40), "c", new string('d', 40)];
            var lines = new BlockLines(scenario.Context, [.. Enumerable.Repeat(batch, 12)]);
            scenario.Output(ByName[name].Describe(lines));
            await scenario.RunBatchesAsync(12);
            Assert.Equal(ByName[name].Held, scenario.Context.Blocks.RentedBlocks);
            Assert.True(await scenario.RunAsync(1));
            Assert.Empty(scenario.Failures);
        }
    }

    [Fact]
    public async Task FailedBatches_AreNotHeld()
    {
        await using var scenario =
            new StreamScenario(new()
                { Partitions = 2, Configure = options => options with
                    { OnBatchFailure = BatchFailurePolicy.ReportAndContinue, BatchRetries = 1 } });
        var lines = new BlockLines(scenario.Context, [.. Enumerable.Repeat<string[]>([new string('a', 40), "b"], 12)]);
        var plan = new FailurePlan();
        plan.Add(new BatchTime(4000), FailurePoint.AfterTheEnd, 1, 2);
        plan.Add(new BatchTime(5000), FailurePoint.BeforeTheEnd, 1, 1);
        plan.Add(new BatchTime(6000), FailurePoint.InTheOutput, 0, 1);
        DStream<Utf8Text[]> window = new FailingStream<Utf8Text>(lines, plan).Glom().Window(Long);
        RecordedOutput<long> found =
            scenario.Output(window.FlatMap<Utf8Text[], int>((part, output) => output.AddRange([.. part.Select(text => text.Length)]))
                .Count());
        plan.AddOutput(window);
        await scenario.RunBatchesAsync(12);
        Assert.Equal(3, scenario.Context.Blocks.RentedBlocks);
        Assert.Equal([2L, 4, 6, 4, 4, 4, 6, 6, 6, 6, 6, 6], found.Batches.Select(batch => batch?[0]));
        Assert.True(await scenario.RunAsync(0));
    }

    private static DStream<(int Key, Utf8Text Value)> Pairs(DStream<Utf8Text> lines) => lines.KeyBy(line => line.Length);
}
