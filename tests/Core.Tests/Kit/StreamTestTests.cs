namespace FastStream.Tests.Core.Kit;

public sealed class StreamTestTests
{
    [Fact]
    public void Run_OneInput_GivesOneListABatch()
    {
        var result = StreamTest.Run([[1, 2, 3], [], [4]], numbers => numbers.Map(x => x * x));
        Assert.Equal([[1, 4, 9], [], [16]], result);
    }

    [Fact]
    public void Run_MoreBatchesThanInputs_EndsWithEmptyOnes() =>
        Assert.Equal([[1], [], []], StreamTest.Run([[1]], numbers => numbers.Filter(x => x > 0), new() { BatchCount = 3 }));

    [Fact]
    public void Run_FailingBatch_ThrowsWithBatchAndOperator()
    {
        StreamingException failure = Assert.Throws<StreamingException>(
            () => StreamTest.Run([[1], [0], [2]], numbers => numbers.Map(x => 10 / x)));
        Assert.Equal(new BatchTime(2000), failure.BatchTime);
        Assert.Equal("Map 1", failure.OperatorName);
        Assert.IsType<DivideByZeroException>(failure.InnerException);
    }

    [Fact]
    public void RunAll_ContinuePolicy_GivesTheOtherBatchesAndTheFailure()
    {
        StreamTestResult<int> result = StreamTest.RunAll(
            [[1], [0], [2]],
            numbers => numbers.Map(x => 10 / x),
            new() { Configure = options => options with { OnBatchFailure = BatchFailurePolicy.ReportAndContinue } });
        Assert.Equal([[10], null, [5]], result.Batches);
        Assert.Equal(new BatchTime(2000), Assert.Single(result.Failures).BatchTime);
    }

    [Fact]
    public void RunAll_FailPolicy_StopsAtTheFailure()
    {
        StreamTestResult<int> result = StreamTest.RunAll([[1], [0], [2]], numbers => numbers.Map(x => 10 / x));
        Assert.Equal([10], result.Batches[0]);
        Assert.All(result.Batches.Skip(1), Assert.Null);
        Assert.Single(result.Failures);
    }

    [Fact]
    public async Task Run_RetainedBlock_IsReported()
    {
        var scenario = new StreamScenario();
        scenario.Output(scenario.Input([[1]]));
        Block block = scenario.Context.Blocks.Rent();
        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(() => scenario.RunAsync());
        Assert.StartsWith("1 blocks were still held", error.Message);
        block.Release();
    }

    [Fact]
    public async Task ManualStream_PartitionsAreContiguousShares()
    {
        await using var scenario = new StreamScenario(new() { Partitions = 3 });
        var shares = new List<int[]>();
        scenario.Input([[1, 2, 3, 4, 5]]).ForEachBatch((batch, _) => shares.AddRange(batch.Partitions.Select(part => part.ToArray())));
        await scenario.RunAsync();
        Assert.Equal([[1], [2, 3], [4, 5]], shares);
    }

    [Fact]
    public async Task Recorder_HearsEventsInOrder()
    {
        await using var scenario = new StreamScenario();
        scenario.Output(scenario.Input([[1]]));
        await scenario.RunAsync();
        Assert.Equal(
            ["StreamingStarted 0 ms", "BatchSubmitted 1000 ms", "BatchStarted 1000 ms", "OutputStarted 1000 ms #0",
                "OutputCompleted 1000 ms #0", "BatchCompleted 1000 ms"],
            scenario.Recorder.Events.Select(heard => heard.ToString()));
    }
}
