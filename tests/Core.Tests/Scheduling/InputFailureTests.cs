namespace FastStream.Tests.Core.Scheduling;

/// <summary>
/// Code of an input or operator that fails where no batch runs: counting, giving back, resetting. Nobody waits for
/// ever, and nothing is lost unseen.
/// </summary>
public sealed class InputFailureTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);   // only a hang takes it

    private sealed class Source(StreamingContext context, Func<BatchTime, InputBatch<int>> cut) : InputDStream<int>(context, "Source")
    {
        protected internal override InputBatch<int> Cut(BatchTime time) => cut(time);
    }

    private sealed class Counting(Func<long> count) : InputBatch<int>
    {
        public override long RecordCount => count();

        public override void Run(int partition, int partitionCount, RecordBuffer<int> output)
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }

    private sealed class StuckStream(DStream<int> parent) : DStream<int>(parent.Context, "Stuck", parent)
    {
        protected internal override void Connect(GraphBuilder graph, Operator<int>[] outputs) =>
            graph.Attach(parent, this, partition => new StuckOperator(outputs[partition]));
    }

    private sealed class StuckOperator(Operator<int> next) : Operator<int, int>(next)
    {
        public override void OnRecords(ReadOnlySpan<int> items) => throw new ArithmeticException("batch");

        public override void Reset(BatchContext batch) => throw new ArithmeticException("reset");
    }

    private sealed class BlockedListener(ManualResetEventSlim gate) : StreamingListener
    {
        public override void OnStreamingStarted(BatchTime zeroTime) => gate.Wait();
    }

    private sealed class Warned(TaskCompletionSource warned) : StreamingListener
    {
        public override void OnWarning(string message, Exception? error) => warned.TrySetResult();
    }

    private static StreamTestOptions With(BatchFailurePolicy policy) =>
        new() { Configure = options => options with { OnBatchFailure = policy } };

    [Theory]
    [InlineData(BatchFailurePolicy.FailContext)]
    [InlineData(BatchFailurePolicy.ReportAndContinue)]
    public async Task Release_Throws_PolicyDecides_AndTheOthersGiveBack(BatchFailurePolicy policy)
    {
        await using var scenario = new StreamScenario(With(policy));
        int released = 0;
        var failing = new Source(scenario.Context, _ => new RecordInputBatch<int>([new[] { 1 }], _ => throw new IOException("release")));
        var other = new Source(scenario.Context, _ => new RecordInputBatch<int>([new[] { 2 }], _ => Interlocked.Increment(ref released)));
        RecordedOutput<int> output = scenario.Output(failing.Union(other));
        bool all = await scenario.RunBatchesAsync(2).WaitAsync(Long);
        if (policy == BatchFailurePolicy.FailContext)
        {
            StreamingException failure = await Assert.ThrowsAsync<StreamingException>(() => scenario.Context.Completion.WaitAsync(Long));
            Assert.Equal("Batch 1000 ms failed in the return of its memory: release", failure.Message);
        }
        else
        {
            Assert.True(all);
            await scenario.DisposeAsync();
            Assert.Equal([[1, 2], [1, 2]], output.Batches);
            Assert.Equal([new BatchTime(1000), new BatchTime(2000)], scenario.Failures.Select(failure => failure.BatchTime));
            Assert.Equal(2, released);
        }
    }

    [Fact]
    public async Task RecordCount_ThrowsInTheTick_BatchIsNotGenerated()
    {
        await using var scenario = new StreamScenario();
        new Source(scenario.Context, _ => new Counting(() => throw new IOException("count"))).ForEachBatch((_, _) => { });
        scenario.Context.Start();
        scenario.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.EndsWith("count", (await Assert.ThrowsAsync<StreamingException>(() => scenario.Context.Completion.WaitAsync(Long))).Message);
    }

    [Fact]
    public async Task RecordCount_ThrowsAfterTheRun_BatchFails()
    {
        await using var scenario = new StreamScenario(With(BatchFailurePolicy.ReportAndContinue));
        int asked = 0;
        new Source(scenario.Context,
            _ => new Counting(() => ++asked == 2 ? throw new IOException("count") : 0)).ForEachBatch((_, _) => { });
        Assert.True(await scenario.RunBatchesAsync(2).WaitAsync(Long));
        await scenario.DisposeAsync();
        Assert.Equal("Batch 1000 ms failed in the count of its records: count", Assert.Single(scenario.Failures).Message);
    }

    [Fact]
    public async Task Operator_CannotReset_ContextFailsUnderAnyPolicy()
    {
        await using var scenario = new StreamScenario(With(BatchFailurePolicy.ReportAndContinue));
        new StuckStream(new Source(scenario.Context, _ => RecordInputBatch.Of([1, 2]))).ForEachBatch((_, _) => { });
        scenario.Context.Start();
        scenario.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("Batch 1000 ms failed in the engine: reset",
            (await Assert.ThrowsAsync<StreamingException>(() => scenario.Context.Completion.WaitAsync(Long))).Message);
    }

    [Fact]
    public async Task GracefulStop_AfterACutThatFailed_TakesAllThatWasReceived()
    {
        await using var scenario = new StreamScenario(With(BatchFailurePolicy.ReportAndContinue));
        int received = 0;
        int cuts = 0;
        var input = new Source(scenario.Context,
            _ => RecordInputBatch.Of([.. Enumerable.Repeat(7, Interlocked.Exchange(ref received, 0))]));
        var broken = new Source(scenario.Context, _ => cuts++ == 0 ? throw new IOException("disk full") : RecordInputBatch.Empty<int>());
        var seen = new List<string>();
        input.Union(broken).ForEachBatch((batch, time) => seen.Add($"{time}: {batch.Count}"));
        var warned = new TaskCompletionSource();
        scenario.Context.AddListener(new Warned(warned));
        scenario.Context.Start();
        received = 3;
        scenario.Clock.Advance(TimeSpan.FromSeconds(1));
        await warned.Task;
        received = 4;
        await scenario.Context.StopAsync();
        Assert.Equal(["2000 ms: 3", "3000 ms: 4"], seen);
    }

    [Fact]
    public async Task Metrics_WhileAListenerBlocks_CountEveryBatch()
    {
        await using var scenario = new StreamScenario();
        using var gate = new ManualResetEventSlim();
        scenario.Context.AddListener(new BlockedListener(gate));
        scenario.Output(scenario.Input([[1, 2], [3]]));
        try
        {
            Assert.True(await scenario.RunBatchesAsync());
            Assert.Equal(2, scenario.Context.Metrics.CompletedBatches);
            Assert.Equal(3, scenario.Context.Metrics.ProcessedRecords);
        }
        finally
        {
            gate.Set();
        }
    }
}
