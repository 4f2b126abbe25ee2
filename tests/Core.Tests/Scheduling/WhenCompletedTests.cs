using FastStream.Tests.Core.Checkpointing;

namespace FastStream.Tests.Core.Scheduling;

/// <summary>Whoever waits for a batch hears how it ended.</summary>
public sealed class WhenCompletedTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);   // only a hang takes it

    private static StreamTestOptions With(BatchFailurePolicy policy, int retries = 0) =>
        new() { Configure = options => options with { OnBatchFailure = policy, BatchRetries = retries } };

    [Fact]
    public async Task FailedBatch_ReportAndContinue_FaultsBeforeAndAfterwards_AndNoOther()
    {
        await using var scenario = new StreamScenario(With(BatchFailurePolicy.ReportAndContinue));
        scenario.Output(scenario.Input([[1], [0], [2]]).Map(x => 6 / x));
        scenario.Context.Start();
        Task[] waits = [.. Enumerable.Range(1, 3).Select(i => scenario.Context.WhenCompletedAsync(new BatchTime(i * 1000)))];
        scenario.Clock.Advance(TimeSpan.FromSeconds(3));
        await waits[0].WaitAsync(Long);
        await waits[2].WaitAsync(Long);
        StreamingException failure = await Assert.ThrowsAsync<StreamingException>(() => waits[1].WaitAsync(Long));
        Assert.Equal(new BatchTime(2000), failure.BatchTime);
        Assert.Same(failure, await Assert.ThrowsAsync<StreamingException>(() => scenario.Context.WhenCompletedAsync(new BatchTime(2000))));
        await scenario.Context.WhenCompletedAsync(new BatchTime(1000));
        await scenario.DisposeAsync();
        Assert.Same(failure, Assert.Single(scenario.Failures));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task FailedBatch_FailContext_FaultsWithIt_AndThoseAfterSayThatTheyWillNotRun(bool inOutput)
    {
        await using var scenario = new StreamScenario();
        ManualStream<int> input = scenario.Input([[0], [1]]);
        (inOutput ? input : input.Map(x => 6 / x)).ForEachBatch((batch, time) => _ = 6 / batch.Single());
        scenario.Context.Start();
        Task first = scenario.Context.WhenCompletedAsync(new BatchTime(1000));
        Task second = scenario.Context.WhenCompletedAsync(new BatchTime(2000));
        scenario.Clock.Advance(TimeSpan.FromSeconds(1));
        StreamingException failure = await Assert.ThrowsAsync<StreamingException>(() => first.WaitAsync(Long));
        Assert.Same(failure, await Assert.ThrowsAsync<StreamingException>(() => scenario.Context.Completion.WaitAsync(Long)));
        InvalidOperationException after = await Assert.ThrowsAsync<InvalidOperationException>(() => second.WaitAsync(Long));
        Assert.Same(failure, after.InnerException);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public async Task TriedAgain_TheLastTryCounts(int failures, bool faults)
    {
        await using var scenario = new StreamScenario(With(BatchFailurePolicy.ReportAndContinue, retries: 1));
        scenario.Input([[1]]).ForEachBatch((Batch<int> _, BatchTime _) =>
        {
            if (failures-- > 0)
            {
                throw new IOException("not yet");
            }
        });
        scenario.Context.Start();
        Task done = scenario.Context.WhenCompletedAsync(new BatchTime(1000));
        scenario.Clock.Advance(TimeSpan.FromSeconds(1));
        await Task.WhenAny(done).WaitAsync(Long);
        Assert.Equal(faults, done.Exception?.InnerException is StreamingException { BatchTime.Milliseconds: 1000 });
        Assert.Equal(faults, done.IsFaulted);
    }

    [Fact]
    public async Task DroppedAtAStop_SaysThatItWillNotRun()
    {
        await using var scenario = new StreamScenario();
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        scenario.Input([[1], [2]]).ForEachBatch(async (_, _, cancellation) =>
        {
            began.TrySetResult();
            await new TaskCompletionSource().Task.WaitAsync(cancellation);
        });
        scenario.Context.Start();
        Task first = scenario.Context.WhenCompletedAsync(new BatchTime(1000));
        Task second = scenario.Context.WhenCompletedAsync(new BatchTime(2000));
        scenario.Clock.Advance(TimeSpan.FromSeconds(2));
        await began.Task.WaitAsync(Long);
        await scenario.Context.StopAsync(StopMode.Immediate).WaitAsync(Long);

        // The first was cut short, which is no failure of the context, but it is not done.
        await Assert.ThrowsAsync<StreamingException>(() => first.WaitAsync(Long));
        Assert.Null((await Assert.ThrowsAsync<InvalidOperationException>(() => second.WaitAsync(Long))).InnerException);
        await scenario.Context.Completion;
    }

    [Fact]
    public async Task Failures_MoreThanAreKept_OldOnesAreNotTakenForSuccess()
    {
        await using var scenario = new StreamScenario(With(BatchFailurePolicy.ReportAndContinue));
        scenario.Input<int>([]).ForEachBatch((Batch<int> _, BatchTime _) => throw new IOException("always"));
        scenario.Context.Start();
        Task last = scenario.Context.WhenCompletedAsync(new BatchTime(1_002_000));
        scenario.Clock.Advance(TimeSpan.FromSeconds(1002));
        await Assert.ThrowsAsync<StreamingException>(() => last.WaitAsync(Long));
        await Assert.ThrowsAsync<StreamingException>(() => scenario.Context.WhenCompletedAsync(new BatchTime(3000)));
        Assert.Contains("not known any more",
            (await Assert.ThrowsAsync<InvalidOperationException>(() => scenario.Context.WhenCompletedAsync(new BatchTime(2000)))).Message);
    }

    [Fact]
    public async Task GivenUpByAnEarlierRun_Faults_AndOneThatWasDoneDoesNot()
    {
        using var folder = new JobFolder();
        Func<StreamingOptions, StreamingOptions> goOn = options => options with { OnBatchFailure = BatchFailurePolicy.ReportAndContinue };
        await using (StreamScenario first = folder.Start(interval: 100, configure: goOn))
        {
            first.Input<int>([[0], [1]]).Map(x => 6 / x).ForEachBatch((_, _) => { });
            Assert.True(await first.RunBatchesAsync());
        }

        await using StreamScenario second = folder.Start(afterTick: 2, interval: 100, configure: goOn);
        second.Input<int>([]).Map(x => 6 / x).ForEachBatch((_, _) => { });
        second.Context.Start();
        StreamingException failure =
            await Assert.ThrowsAsync<StreamingException>(() => second.Context.WhenCompletedAsync(new BatchTime(1000)).WaitAsync(Long));
        Assert.Contains("given up", failure.Message);
        await second.Context.WhenCompletedAsync(new BatchTime(2000)).WaitAsync(Long);
    }

    [Fact]
    public async Task StopWhenInputsEnd_TheBatchOfTheLastData_IsTheLast()
    {
        await using var scenario = new StreamScenario(new() { Configure = options => options with { StopWhenInputsEnd = true } });
        ManualStream<int> input = scenario.Input([[1], [], [2]]);
        input.Complete();
        var seen = new List<string>();
        input.ForEachBatch((batch, time) => seen.Add($"{time}: {string.Join(' ', batch)}"));
        input.Window(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2))
            .ForEachBatch((batch, time) => seen.Add($"window of {time}: {string.Join(' ', batch)}"));
        scenario.Context.Start();
        scenario.Clock.Advance(TimeSpan.FromSeconds(5));
        await scenario.Context.Completion.WaitAsync(Long);

        // The window that would come out at 4000 ms stays open.
        Assert.Equal(["1000 ms: 1", "2000 ms: ", "window of 2000 ms: 1", "3000 ms: 2"], seen);
        Assert.Throws<InvalidOperationException>(() => input.Add(3));
    }

    [Fact]
    public async Task StopWhenInputsEnd_LastBatchFails_CompletionFaults()
    {
        await using var scenario = new StreamScenario(new() { Configure = options => options with { StopWhenInputsEnd = true } });
        ManualStream<int> input = scenario.Input([[0]]);
        input.Complete();
        input.Map(x => 6 / x).ForEachBatch((_, _) => { });
        scenario.Context.Start();
        scenario.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(new BatchTime(1000),
            (await Assert.ThrowsAsync<StreamingException>(() => scenario.Context.Completion.WaitAsync(Long))).BatchTime);
    }
}
