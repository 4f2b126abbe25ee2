namespace FastStream.Tests.Core.Outputs;

public sealed class WriteToTests
{
    [Fact]
    public async Task WriteTo_Batches_ComeBetweenOpeningAndClosing()
    {
        var writer = new Recorder();
        var clock = new ManualTimeProvider();
        await using (var context = new StreamingContext(new StreamingOptions { TimeProvider = clock }))
        {
            var input = new ManualStream<int>(context);
            input.Add(1, 2);
            input.WriteTo(writer);
            Assert.Empty(writer.Events);
            context.Start();
            Assert.Equal("open", writer.Events[0]);
            clock.Advance(TimeSpan.FromSeconds(1));
            await context.WhenCompletedAsync(context.ZeroTime + TimeSpan.FromSeconds(1));
            await context.StopAsync();
            await context.Completion;
        }

        Assert.Equal(["open", "1,2"], writer.Events.Take(2));
        Assert.Equal("close", writer.Events[^1]);
        Assert.Single(writer.Events, "close");
    }

    [Fact]
    public async Task WriteTo_OpeningFails_StartThrowsAndInputsAreNotStarted()
    {
        await using var context = new StreamingContext(new StreamingOptions { TimeProvider = new ManualTimeProvider() });
        var input = new Started(context);
        input.WriteTo(new Recorder { OpenFailure = new InvalidOperationException("no way in") });
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(context.Start);
        Assert.Equal("no way in", error.Message);
        Assert.False(input.IsStarted);
    }

    [Fact]
    public async Task WriteTo_ClosingFails_OthersAreClosedAndTheStopSaysSo()
    {
        var other = new Recorder();
        await using var context = new StreamingContext(new StreamingOptions { TimeProvider = new ManualTimeProvider() });
        var input = new ManualStream<int>(context);
        input.WriteTo(new Recorder { CloseFailure = new InvalidOperationException("no way out") });
        input.WriteTo(other);
        context.Start();
        await context.StopAsync();
        StreamingException error = await Assert.ThrowsAsync<StreamingException>(() => context.Completion);
        Assert.Contains("no way out", error.Message, StringComparison.Ordinal);
        Assert.Equal("close", other.Events[^1]);
    }

    [Fact]
    public async Task OnBatchCommitted_BatchesThatEnd_AreToldInOrderAndAfterTheirOutputs()
    {
        var clock = new ManualTimeProvider();
        await using var context = new StreamingContext(new StreamingOptions { TimeProvider = clock });
        var input = new Started(context);
        input.ForEachBatch((batch, time) => input.Events.Add($"out {time.Milliseconds}"));
        context.Start();
        for (int i = 1; i <= 2; i++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await context.WhenCompletedAsync(context.ZeroTime + TimeSpan.FromSeconds(i));
        }

        long zero = context.ZeroTime.Milliseconds;
        Assert.Equal([$"out {zero + 1000}", $"done {zero + 1000}", $"out {zero + 2000}", $"done {zero + 2000}"], input.Events.Take(4));
    }

    [Fact]
    public async Task OnBatchCommitted_BatchThatStopsTheContext_IsNotTold()
    {
        var clock = new ManualTimeProvider();
        await using var context = new StreamingContext(new StreamingOptions { TimeProvider = clock });
        var input = new Started(context);
        input.ForEachBatch((_, _) => throw new InvalidOperationException("an output that fails"));
        context.Start();
        clock.Advance(TimeSpan.FromSeconds(1));
        await Assert.ThrowsAsync<StreamingException>(() => context.Completion);
        Assert.Empty(input.Events);
    }

    [Fact]
    public async Task Fail_WhileBatchesAreSkipped_StopsAllTheSame()
    {
        await using var context =
            new StreamingContext(new StreamingOptions
                { TimeProvider = new ManualTimeProvider(), OnBatchFailure = BatchFailurePolicy.ReportAndContinue });
        new ManualStream<int>(context).ForEachBatch((_, _) => { });
        context.Start();
        context.Fail(new StreamingException("the place is taken"));
        StreamingException error = await Assert.ThrowsAsync<StreamingException>(() => context.Completion);
        Assert.Equal("the place is taken", error.Message);
    }

    [Fact]
    public void Over_BytesOfABlock_AreThatText()
    {
        var pool = new BlockPool(4096, 1);
        Block block = pool.Rent();
        "short and a text that is longer than fifteen bytes"u8.CopyTo(block.Span);
        Assert.Equal("short", Utf8Text.Over(block, 0, 5).ToString());
        Assert.Equal("a text that is longer than fifteen bytes", Utf8Text.Over(block, 10, 40).ToString());
        Assert.True(Utf8Text.Over(block, 4096, 0).IsEmpty);
        Assert.Throws<ArgumentOutOfRangeException>(() => Utf8Text.Over(block, 4090, 7));
        Assert.Throws<ArgumentOutOfRangeException>(() => Utf8Text.Over(block, -1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Utf8Text.Over(block, 0, -1));
        block.Release();
    }

    private sealed class Recorder : Sink<int>
    {
        public List<string> Events { get; } = [];

        public Exception? OpenFailure { get; init; }

        public Exception? CloseFailure { get; init; }

        protected internal override ValueTask OpenAsync(SinkContext context, CancellationToken cancellationToken)
        {
            Events.Add("open");
            return OpenFailure is null ? ValueTask.CompletedTask : ValueTask.FromException(OpenFailure);
        }

        protected internal override ValueTask WriteAsync(Batch<int> batch, CancellationToken cancellationToken)
        {
            Events.Add(string.Join(',', batch));
            return ValueTask.CompletedTask;
        }

        protected internal override ValueTask CloseAsync()
        {
            Events.Add("close");
            return CloseFailure is null ? ValueTask.CompletedTask : ValueTask.FromException(CloseFailure);
        }
    }

    private sealed class Started(StreamingContext context) : InputDStream<int>(context, "Started")
    {
        public bool IsStarted { get; private set; }

        public List<string> Events { get; } = [];

        protected internal override ValueTask StartAsync(CancellationToken cancellationToken)
        {
            IsStarted = true;
            return ValueTask.CompletedTask;
        }

        protected internal override InputBatch<int> Cut(BatchTime time) => RecordInputBatch.Of([1]);

        protected internal override void OnBatchCommitted(BatchTime time) => Events.Add($"done {time.Milliseconds}");
    }
}
