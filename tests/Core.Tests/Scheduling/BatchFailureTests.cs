namespace FastStream.Tests.Core.Scheduling;

public sealed class BatchFailureTests
{
    private static StreamTestOptions With(Func<StreamingOptions, StreamingOptions> configure) => new() { Configure = configure };

    [Fact]
    public async Task FailingOutput_TheOthersOfTheBatchStillRun()
    {
        await using var scenario = new StreamScenario();
        ManualStream<int> input = scenario.Input([[1]]);
        input.ForEachBatch((Batch<int> _, BatchTime _) => throw new IOException("first"));
        RecordedOutput<int> second = scenario.Output(input);
        input.ForEachBatch((Batch<int> _, BatchTime _) => throw new IOException("third"));
        Assert.True(await scenario.RunBatchesAsync());
        await scenario.DisposeAsync();
        Assert.Equal([1], second.Batches[0]);
        Assert.Equal("Batch 1000 ms failed in ForEachBatch of ManualStream 0: first", Assert.Single(scenario.Failures).Message);
        Assert.Equal(
            ["first", null, "third"],
            scenario.Recorder.Events.Where(heard => heard.Name == "OutputCompleted").Select(heard => heard.Message));
    }

    [Fact]
    public async Task Retries_OutputsThatWereDone_AreNotDoneAgain()
    {
        await using var scenario = new StreamScenario(With(options => options with { BatchRetries = 2 }));
        ManualStream<int> input = scenario.Input([[1, 2], [3]]);
        var done = new List<string>();
        int tries = 0;
        input.ForEachBatch((batch, time) => done.Add($"{time}: {string.Join(' ', batch)}"));
        input.ForEachBatch((batch, time) =>
        {
            if (++tries < 3)
            {
                throw new IOException("not yet");
            }

            done.Add($"{time} at last: {string.Join(' ', batch)}");
        });
        Assert.True(await scenario.RunAsync());
        Assert.Equal(["1000 ms: 1 2", "1000 ms at last: 1 2", "2000 ms: 3", "2000 ms at last: 3"], done);
        Assert.Empty(scenario.Failures);
        Assert.Equal(
            ["Batch 1000 ms is retried (1 of 2).", "Batch 1000 ms is retried (2 of 2)."],
            scenario.Recorder.Events.Where(heard => heard.Name == "Warning").Select(heard => heard.Message));
    }

    [Fact]
    public void Retries_UsedUp_PolicyDecides()
    {
        int calls = 0;
        StreamTestResult<int> result = StreamTest.RunAll(
            [[1], [2], [3]],
            stream => stream.Map(x =>
            {
                Interlocked.Increment(ref calls);
                return x == 2 ? throw new IOException("never") : x;
            }),
            With(options => options with { BatchRetries = 3, OnBatchFailure = BatchFailurePolicy.ReportAndContinue }));
        Assert.Equal([[1], null, [3]], result.Batches);
        Assert.Equal(1 + 4 + 1, calls);
        Assert.Single(result.Failures);
    }

    [Fact]
    public async Task FailContext_NoLaterBatchRuns()
    {
        var clock = new ManualTimeProvider();
        await using var context = new StreamingContext(new StreamingOptions { TimeProvider = clock, Partitions = 2 });
        var input = new ManualStream<int>(context);
        var seen = new List<int>();
        input.Map(x => 6 / x).ForEachBatch((batch, _) => seen.AddRange(batch));
        input.Add(3);
        input.Add(0);
        input.Add(2);
        context.Start();
        clock.Advance(TimeSpan.FromSeconds(3));
        StreamingException failure = await Assert.ThrowsAsync<StreamingException>(() => context.Completion);
        Assert.Equal(new BatchTime(2000), failure.BatchTime);
        Assert.Equal([2], seen);
        Assert.Equal(1, context.Metrics.FailedBatches);
    }

    [Fact]
    public async Task Tee_CommonPart_RunsOnce()
    {
        await using var scenario = new StreamScenario();
        int calls = 0;
        DStream<int> common = scenario.Input([[1, 2, 3]]).Map(x =>
        {
            Interlocked.Increment(ref calls);
            return x * 2;
        });
        RecordedOutput<int> all = scenario.Output(common);
        RecordedOutput<int> some = scenario.Output(common.Filter(x => x > 2));
        RecordedOutput<long> count = scenario.Output(common.Count());
        await scenario.RunAsync();
        Assert.Equal(3, calls);
        Assert.Equal([2, 4, 6], all.Batches[0]);
        Assert.Equal([4, 6], some.Batches[0]);
        Assert.Equal([3L], count.Batches[0]);
    }
}
