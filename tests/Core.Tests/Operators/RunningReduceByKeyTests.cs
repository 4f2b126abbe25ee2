using FastStream.Tests.Core.Checkpointing;

namespace FastStream.Tests.Core.Operators;

public sealed class RunningReduceByKeyTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Keys_OfABatch_ComeOnceWithAllThatEverCame(int partitions)
    {
        var found = StreamTest.Run<(string Key, int Value), (string Key, int Value)>(
            [[("a", 1), ("b", 2), ("a", 3)], [], [("b", 4), ("c", 5)]],
            pairs => pairs.RunningReduceByKey((a, b) => a + b, [("c", 90), ("c", 100)]),
            new StreamTestOptions { Partitions = partitions });
        Assert.Equal([[("a", 4), ("b", 2)], [], [("b", 6), ("c", 105)]], found.Select(batch => batch!.Order().ToArray()));
    }

    [Fact]
    public void StateSnapshots_AnyBatch_HaveAllKeys()
    {
        var found = StreamTest.Run<(string Key, int Value), (string Key, int Value)>(
            [[("a", 1), ("b", 7)], [("b", 3)]],
            pairs => pairs.RunningReduceByKey(Math.Max).StateSnapshots().Map(each => (each.Key, each.State)));
        Assert.Equal([[("a", 1), ("b", 7)], [("a", 1), ("b", 7)]], found.Select(batch => batch!.Order().ToArray()));
    }

    [Fact]
    public async Task State_AfterARestart_GoesOnByItsOwnName()
    {
        using var folder = new JobFolder();
        await using (StreamScenario first = folder.Start(interval: 1))
        {
            first.Output(Describe(first, [[("a", 1)], [("a", 2)]]));
            await first.RunAsync();
        }

        await using StreamScenario second = folder.Start(afterTick: 2, interval: 1);
        DStream<(string Key, int Value)> totals = Describe(second, [[("a", 3), ("a", 4)]]);
        RecordedOutput<(string Key, int Value)> found = second.Output(totals);
        await second.RunAsync();
        Assert.StartsWith("RunningReduceByKey", totals.Name, StringComparison.Ordinal);
        Assert.Equal([[("a", 10)]], found.Batches);

        static DStream<(string Key, int Value)> Describe(StreamScenario scenario, (string Key, int Value)[][] batches) =>
            scenario.Input(batches).RunningReduceByKey((a, b) => a + b);
    }

    [Fact]
    public void Function_Throws_LeavesTheStatesAsTheyWere()
    {
        StreamTestResult<(string Key, int Value)> run = StreamTest.RunAll<(string Key, int Value), (string Key, int Value)>(
            [[("a", 1)], [("b", 5), ("a", -1)], [("a", 2), ("b", 1)]],
            pairs => pairs.RunningReduceByKey((a, b) => b < 0 ? throw new InvalidOperationException("negative") : a + b),
            new StreamTestOptions { Configure = options => options with { OnBatchFailure = BatchFailurePolicy.ReportAndContinue } });
        Assert.Single(run.Failures);
        Assert.Equal([("a", 3), ("b", 1)], run.Batches[2]!.Order());
    }
}
