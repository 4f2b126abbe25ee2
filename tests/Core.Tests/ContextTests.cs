namespace FastStream.Tests.Core;

public sealed class ContextTests
{
    private sealed class BrokenInput(StreamingContext context, bool start, bool stop, bool cut) : InputDStream<int>(context, "Broken")
    {
        private int _cuts;

        protected internal override ValueTask StartAsync(CancellationToken cancellationToken) =>
            start ? throw new IOException("no network") : ValueTask.CompletedTask;

        protected internal override ValueTask StopAsync() => stop ? throw new IOException("no answer") : ValueTask.CompletedTask;

        protected internal override InputBatch<int> Cut(BatchTime time) =>
            cut && _cuts++ == 0 ? throw new IOException("disk full") : RecordInputBatch.Of([1]);
    }

    private static StreamingContext New(ManualTimeProvider? clock = null) =>
        new(new StreamingOptions { Partitions = 2, TimeProvider = clock ?? new ManualTimeProvider() });

    [Fact]
    public async Task Start_WithoutOutput_IsRefusedAndCanBeRepaired()
    {
        await using StreamingContext context = New();
        var input = new ManualStream<int>(context);
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(context.Start);
        Assert.StartsWith("No output operations registered, so nothing to execute.", error.Message);
        input.ForEachBatch((_, _) => { });
        context.Start();
        Assert.Equal(StreamingContextState.Active, context.State);
    }

    [Fact]
    public async Task Start_Twice_DoesNothing()
    {
        await using StreamingContext context = New();
        new ManualStream<int>(context).ForEachBatch((_, _) => { });
        context.Start();
        context.Start();
        Assert.Equal(StreamingContextState.Active, context.State);
    }

    [Fact]
    public async Task Describing_AfterStart_SaysStarting()
    {
        await using StreamingContext context = New();
        var input = new ManualStream<int>(context);
        input.ForEachBatch((_, _) => { });
        context.Start();
        Assert.Contains("starting", Assert.Throws<InvalidOperationException>(() => input.Map(x => x)).Message);
        Assert.Contains("starting", Assert.Throws<InvalidOperationException>(() => input.Print()).Message);
        Assert.Contains("starting", Assert.Throws<InvalidOperationException>(() => new ManualStream<int>(context)).Message);
        Assert.Contains("starting", Assert.Throws<InvalidOperationException>(() => input.Named("late")).Message);
    }

    [Fact]
    public async Task Describing_AfterStop_SaysStopping()
    {
        StreamingContext context = New();
        var input = new ManualStream<int>(context);
        await context.StopAsync();
        Assert.Contains("stopping", Assert.Throws<InvalidOperationException>(() => input.Map(x => x)).Message);
        Assert.Throws<InvalidOperationException>(context.Start);
        Assert.True(context.Completion.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Stop_FromManyThreads_EndsOnce()
    {
        await using StreamingContext context = New();
        new ManualStream<int>(context).ForEachBatch((_, _) => { });
        context.Start();
        await Task.WhenAll(Enumerable.Range(0, 20)
            .Select(i => Task.Run(() => context.StopAsync(i % 2 == 0 ? StopMode.Graceful : StopMode.Immediate))));
        Assert.Equal(StreamingContextState.Stopped, context.State);
        await context.Completion;
        await context.DisposeAsync();
    }

    [Fact]
    public async Task BeforeStart_TimesAndWaits_AreRefused()
    {
        await using StreamingContext context = New();
        Assert.Throws<InvalidOperationException>(() => context.ZeroTime);
        await Assert.ThrowsAsync<InvalidOperationException>(() => context.WhenCompletedAsync(default));
    }

    [Fact]
    public async Task WhenCompleted_OfABatchThatWillNotRun_SaysSo()
    {
        StreamingContext context = New();
        new ManualStream<int>(context).ForEachBatch((_, _) => { });
        context.Start();
        Task waiting = context.WhenCompletedAsync(new BatchTime(50_000));
        await context.StopAsync();
        Assert.Contains("50000 ms will not run", (await Assert.ThrowsAsync<InvalidOperationException>(() => waiting)).Message);
        await Assert.ThrowsAsync<InvalidOperationException>(() => context.WhenCompletedAsync(new BatchTime(60_000)));
    }

    [Fact]
    public async Task RunAsync_Cancelled_RunsWhatWasReceivedAndEnds()
    {
        await using StreamingContext context = New();
        var input = new ManualStream<int>(context);
        var seen = new List<int>();
        input.ForEachBatch((batch, _) => seen.AddRange(batch));
        using var cancellation = new CancellationTokenSource();
        input.Add(1, 2);
        Task run = context.RunAsync(cancellation.Token);
        await cancellation.CancelAsync();
        await run;
        Assert.Equal([1, 2], seen);
    }

    [Fact]
    public async Task RunAsync_FailedBatch_Throws()
    {
        var clock = new ManualTimeProvider();
        await using StreamingContext context = New(clock);
        var input = new ManualStream<int>(context);
        input.Map(x => 1 / x).ForEachBatch((_, _) => { });
        input.Add(0);
        Task run = context.RunAsync();
        clock.Advance(TimeSpan.FromSeconds(1));
        StreamingException failure = await Assert.ThrowsAsync<StreamingException>(() => run);
        Assert.Equal("Batch 1000 ms failed in Map 1: Attempted to divide by zero.", failure.Message);
        Assert.Equal(StreamingContextState.Stopped, context.State);
    }

    [Fact]
    public async Task StartFailAndStop_ManyTimes_AlwaysEnds()
    {
        // The clock moves, the batch fails and the stop comes at every moment of the timer thread's first steps.
        for (int i = 0; i < 300; i++)
        {
            var clock = new ManualTimeProvider();
            await using StreamingContext context = New(clock);
            var input = new ManualStream<int>(context);
            input.Map(x => 1 / x).ForEachBatch((_, _) => { });
            input.Add(0);
            Task run = context.RunAsync();
            clock.Advance(TimeSpan.FromSeconds(1));
            await Assert.ThrowsAsync<StreamingException>(() => run.WaitAsync(TimeSpan.FromMinutes(1)));
        }
    }

    [Fact]
    public async Task Streams_OfTwoContexts_DoNotMix()
    {
        await using StreamingContext one = New();
        await using StreamingContext two = New();
        Assert.Contains("one context",
            Assert.Throws<ArgumentException>(() => new ManualStream<int>(one).Union(new ManualStream<int>(two))).Message);
    }

    [Fact]
    public async Task Start_InputFails_ContextIsStopped()
    {
        StreamingContext context = New();
        new BrokenInput(context, start: true, stop: false, cut: false).ForEachBatch((_, _) => { });
        Assert.Throws<IOException>(context.Start);
        Assert.Equal(StreamingContextState.Stopped, context.State);
        await context.DisposeAsync();
    }

    [Fact]
    public async Task Stop_InputFails_CompletionSaysWhich()
    {
        await using StreamingContext context = New();
        new BrokenInput(context, start: false, stop: true, cut: false).ForEachBatch((_, _) => { });
        context.Start();
        await context.StopAsync();
        Assert.Equal("Input Broken 0 did not stop: no answer",
            (await Assert.ThrowsAsync<StreamingException>(() => context.Completion)).Message);
    }

    [Fact]
    public async Task Cut_Fails_PolicyDecides()
    {
        await using (var scenario = new StreamScenario())
        {
            new BrokenInput(scenario.Context, start: false, stop: false, cut: true).ForEachBatch((_, _) => { });
            Assert.False(await scenario.RunBatchesAsync(1));
            Assert.Contains("disk full", (await Assert.ThrowsAsync<StreamingException>(() => scenario.Context.Completion)).Message);
        }

        await using (var scenario =
            new StreamScenario(new() { Configure = options => options with { OnBatchFailure = BatchFailurePolicy.ReportAndContinue } }))
        {
            // The other input was cut already: its records go into the next batch.
            RecordedOutput<int> output =
                scenario.Output(scenario.Input([[5], [6]]).Union(new BrokenInput(scenario.Context, start: false, stop: false, cut: true)));
            scenario.Context.Start();
            scenario.Clock.Advance(TimeSpan.FromSeconds(2));
            await scenario.Context.WhenCompletedAsync(new BatchTime(2000));
            await scenario.DisposeAsync();
            Assert.Null(output.At(new BatchTime(1000)));
            Assert.Equal([1, 5], output.At(new BatchTime(2000))!.Order());
            Assert.Contains("was not generated", scenario.Recorder.Events.Single(heard => heard.Name == "Warning").Message);
        }
    }
}
