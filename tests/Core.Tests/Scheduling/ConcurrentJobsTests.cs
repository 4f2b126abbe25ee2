namespace FastStream.Tests.Core.Scheduling;

public sealed class ConcurrentJobsTests
{
    private static StreamTestOptions With(Func<StreamingOptions, StreamingOptions> configure) => new() { Configure = configure };

    private sealed class WatchedInput(StreamingContext context, Action onCut) : InputDStream<int>(context, "Watched")
    {
        protected internal override InputBatch<int> Cut(BatchTime time)
        {
            onCut();
            return RecordInputBatch.Of([1]);
        }
    }

    [Fact]
    public async Task OneOutput_SeesItsBatchesOneAtATimeInOrder()
    {
        await using var scenario = new StreamScenario(With(options => options with { ConcurrentJobs = 4 }));
        var gate = new TaskCompletionSource();
        var seen = new List<string>();
        scenario.Input([[1], [2], [3]]).ForEachBatch(async (batch, time) =>
        {
            seen.Add($"begin {time}");
            await gate.Task;
            seen.Add($"end {time}");
        });
        scenario.Context.Start();
        scenario.Clock.Advance(TimeSpan.FromSeconds(3));
        gate.SetResult();
        await scenario.Context.WhenCompletedAsync(new BatchTime(3000));
        Assert.Equal(["begin 1000 ms", "end 1000 ms", "begin 2000 ms", "end 2000 ms", "begin 3000 ms", "end 3000 ms"], seen);
    }

    [Fact]
    public async Task OutputsOfABatch_RunTogether_AndTheNextBatchsOperatorsMeanwhile()
    {
        await using var scenario = new StreamScenario(With(options => options with { ConcurrentJobs = 2 }));
        var left = new TaskCompletionSource();
        var right = new TaskCompletionSource();
        var next = new TaskCompletionSource();
        DStream<int> stream = scenario.Input([[1], [2]]).Map(x =>
        {
            if (x == 2)
            {
                next.SetResult();
            }

            return x;
        });

        // Each of the first batch's outputs waits for the other and for the second batch's operators: one after the
        // other they would wait for ever.
        stream.ForEachBatch(async (batch, time) =>
        {
            left.TrySetResult();
            await Task.WhenAll(right.Task, next.Task);
        });
        stream.ForEachBatch(async (batch, time) =>
        {
            right.TrySetResult();
            await Task.WhenAll(left.Task, next.Task);
        });
        scenario.Context.Start();
        scenario.Clock.Advance(TimeSpan.FromSeconds(2));
        await scenario.Context.WhenCompletedAsync(new BatchTime(2000));
    }

    [Fact]
    public async Task Batches_CompleteInTimeOrder_AlsoOneThatFailsEarly()
    {
        var scenario =
            new StreamScenario(With(options => options with { ConcurrentJobs = 4, OnBatchFailure = BatchFailurePolicy.ReportAndContinue }));
        var failed = new TaskCompletionSource();
        DStream<int> stream = scenario.Input([[1], [2], [3]]).Map(x =>
        {
            if (x == 2)
            {
                failed.SetResult();
                throw new IOException("early");
            }

            return x;
        });
        stream.ForEachBatch((batch, time) => time == new BatchTime(1000) ? failed.Task : Task.CompletedTask);
        scenario.Context.Start();
        scenario.Clock.Advance(TimeSpan.FromSeconds(3));
        await scenario.Context.WhenCompletedAsync(new BatchTime(3000));
        await scenario.DisposeAsync();
        Assert.Equal(
            [1000, 2000, 3000],
            scenario.Recorder.Events.Where(heard => heard.Name == "BatchCompleted").Select(heard => heard.Time!.Value.Milliseconds));
        Assert.Equal(new BatchTime(2000), Assert.Single(scenario.Failures).BatchTime);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(1, 3)]
    public async Task PendingBatches_StayBelowTheirBounds(int maxPending, int concurrentJobs)
    {
        await using var scenario =
            new StreamScenario(With(options => options with { MaxPendingBatches = maxPending, ConcurrentJobs = concurrentJobs }));
        int cut = 0;
        int done = 0;
        int most = 0;
        var gate = new TaskCompletionSource();
        var first = new TaskCompletionSource();
        var input = new WatchedInput(scenario.Context, () => most = Math.Max(most, ++cut - Volatile.Read(ref done)));
        input.ForEachBatch(async (batch, time) =>
        {
            first.TrySetResult();
            await gate.Task;
            Interlocked.Increment(ref done);
        });
        scenario.Context.Start();
        scenario.Clock.Advance(TimeSpan.FromSeconds(20));
        await first.Task;
        gate.SetResult();
        await scenario.Context.WhenCompletedAsync(new BatchTime(20_000));
        Assert.Equal(20, done);

        // In the queue, one about to enter it, and those that run: one, or with concurrent jobs those whose outputs
        // run, one more waiting for them.
        Assert.InRange(most, 1, maxPending + 1 + (concurrentJobs == 1 ? 1 : concurrentJobs + 1));
    }
}
