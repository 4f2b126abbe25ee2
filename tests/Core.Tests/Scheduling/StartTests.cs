namespace FastStream.Tests.Core.Scheduling;

/// <summary>The asynchronous start, and what tokens do to starts and stops.</summary>
public sealed class StartTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);   // only a hang takes it

    /// <summary>Opens when it is told to, as a source that waits for a server.</summary>
    private sealed class SlowInput(StreamingContext context) : InputDStream<int>(context, "Slow")
    {
        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Opened { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Starts { get; private set; }

        public List<string> Ends { get; } = [];

        protected internal override async ValueTask StartAsync(CancellationToken cancellationToken)
        {
            Starts++;
            Asked.TrySetResult();
            await Opened.Task.WaitAsync(cancellationToken);
        }

        protected internal override InputBatch<int> Cut(BatchTime time) => RecordInputBatch.Of([1]);

        protected internal override ValueTask StopAsync()
        {
            Ends.Add("stop");
            return ValueTask.CompletedTask;
        }
    }

    private static StreamingContext New(ManualTimeProvider? clock = null) =>
        new(new StreamingOptions { Partitions = 2, TimeProvider = clock ?? new ManualTimeProvider() });

    [Fact]
    public async Task StartAsync_InputOpensSlowly_ReturnsAtOnceAndIsDoneWhenOpen()
    {
        await using StreamingContext context = New();
        var input = new SlowInput(context);
        input.ForEachBatch((_, _) => { });
        Task starting = context.StartAsync();
        await input.Asked.Task.WaitAsync(Long);
        Assert.False(starting.IsCompleted);
        Task second = context.StartAsync();
        input.Opened.SetResult();
        await Task.WhenAll(starting, second).WaitAsync(Long);
        Assert.Equal(1, input.Starts);
        Assert.Equal(StreamingContextState.Active, context.State);
    }

    [Fact]
    public async Task StartAsync_CancelledWhileOpening_StopsWhatWasOpenedAndEndsTheContext()
    {
        await using StreamingContext context = New();
        var first = new SlowInput(context);
        var second = new SlowInput(context);
        first.Opened.SetResult();
        first.Union(second).ForEachBatch((_, _) => { });
        using var patience = new CancellationTokenSource();
        Task starting = context.StartAsync(patience.Token);
        await second.Asked.Task.WaitAsync(Long);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting.WaitAsync(Long));
        Assert.Equal(StreamingContextState.Stopped, context.State);
        Assert.Equal(["stop"], first.Ends);
        Assert.Empty(second.Ends);
        await context.Completion.WaitAsync(Long);   // it was asked for: no failure
        await Assert.ThrowsAsync<InvalidOperationException>(() => context.StartAsync());
    }

    [Fact]
    public async Task StartAsync_TokenCancelledBefore_LeavesTheContextAsItWas()
    {
        await using StreamingContext context = New();
        new ManualStream<int>(context).ForEachBatch((_, _) => { });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => context.StartAsync(new CancellationToken(canceled: true)));
        Assert.Equal(StreamingContextState.Initialized, context.State);
        await context.StartAsync().WaitAsync(Long);
        Assert.Equal(StreamingContextState.Active, context.State);
    }

    [Fact]
    public async Task StartAsync_TokenCancelledAfterwards_HasNoEffect()
    {
        await using StreamingContext context = New();
        new ManualStream<int>(context).ForEachBatch((_, _) => { });
        using var patience = new CancellationTokenSource();
        await context.StartAsync(patience.Token).WaitAsync(Long);
        await patience.CancelAsync();
        Assert.Equal(StreamingContextState.Active, context.State);
        Assert.False(context.Completion.IsCompleted);
    }

    [Fact]
    public async Task StartAsync_WithoutOutput_IsRefusedAndCanBeRepaired()
    {
        await using StreamingContext context = New();
        var input = new ManualStream<int>(context);
        await Assert.ThrowsAsync<InvalidOperationException>(() => context.StartAsync());
        input.ForEachBatch((_, _) => { });
        await context.StartAsync().WaitAsync(Long);
    }

    [Theory]
    [InlineData(StopMode.Immediate)]
    [InlineData(StopMode.Graceful)]
    public async Task StopAsync_WhileOpening_EndsTheStartWithoutAnError(StopMode mode)
    {
        await using StreamingContext context = New();
        var input = new SlowInput(context);
        input.ForEachBatch((_, _) => { });
        Task starting = context.StartAsync();
        await input.Asked.Task.WaitAsync(Long);
        Task stopping = context.StopAsync(mode);
        if (mode == StopMode.Graceful)
        {
            Assert.False(stopping.IsCompleted);   // it waits for the start
            input.Opened.SetResult();
        }

        await Task.WhenAll(starting, stopping).WaitAsync(Long);
        Assert.Equal(StreamingContextState.Stopped, context.State);
        await context.Completion;
    }

    [Fact]
    public async Task StopAsync_TokenCancelledLater_BecomesImmediate()
    {
        var clock = new ManualTimeProvider();
        await using StreamingContext context = New(clock);
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var input = new ManualStream<int>(context);
        input.ForEachBatch(async (_, _, cancellation) =>
        {
            began.TrySetResult();
            await new TaskCompletionSource().Task.WaitAsync(cancellation);
        });
        await context.StartAsync();
        clock.Advance(TimeSpan.FromSeconds(1));
        await began.Task.WaitAsync(Long);
        using var patience = new CancellationTokenSource();
        Task stopping = context.StopAsync(StopMode.Graceful, patience.Token);
        Assert.False(stopping.IsCompleted);
        await patience.CancelAsync();
        await stopping.WaitAsync(Long);
        Assert.Equal(StreamingContextState.Stopped, context.State);
        await context.Completion;
    }

    [Fact]
    public async Task StopAsync_TokenCancelledBefore_DropsWhatWasReceived()
    {
        await using StreamingContext context = New();
        var input = new ManualStream<int>(context);
        int seen = 0;
        input.ForEachBatch((batch, _) => seen += batch.Count);
        await context.StartAsync();
        input.Add([1, 2, 3]);
        await context.StopAsync(StopMode.Graceful, new CancellationToken(canceled: true)).WaitAsync(Long);
        Assert.Equal(0, seen);
    }

    [Fact]
    public async Task RunAsync_CancelledWhileOpening_EndsNormally()
    {
        await using StreamingContext context = New();
        var input = new SlowInput(context);
        input.ForEachBatch((_, _) => { });
        using var stop = new CancellationTokenSource();
        Task running = context.RunAsync(stop.Token);
        await input.Asked.Task.WaitAsync(Long);
        await stop.CancelAsync();
        input.Opened.SetResult();
        await running.WaitAsync(Long);
        Assert.Equal(StreamingContextState.Stopped, context.State);
    }
}
