namespace FastStream.Tests.Core.Scheduling;

/// <summary>A stop that is awaited inside of what it waits for: it is asked for, and does not wait for its own caller.</summary>
public sealed class StopInsideTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);   // only a hang takes it

    /// <summary>Places of a program that stop it, and whether they wait with the thread.</summary>
    public static TheoryData<string, StopMode> Places
    {
        get
        {
            var data = new TheoryData<string, StopMode>();
            foreach (string place in new[] { "operator", "output", "output that blocks", "task of an output",
                "outputs together", "listener", "task of a listener", "cut", "stop of an input", "loop" })
            {
                data.Add(place, StopMode.Graceful);
                data.Add(place, StopMode.Immediate);
            }

            return data;
        }
    }

    private sealed class Source(StreamingContext context) : InputDStream<int>(context, "Source")
    {
        public Action OnCut { get; set; } = () => { };

        public Func<Task> OnStop { get; set; } = () => Task.CompletedTask;

        protected internal override InputBatch<int> Cut(BatchTime time)
        {
            OnCut();
            return RecordInputBatch.Of([1]);
        }

        protected internal override async ValueTask StopAsync() => await OnStop();
    }

    private sealed class Listener(Action<BatchInfo> onCompleted) : StreamingListener
    {
        public override void OnBatchCompleted(BatchInfo batch) => onCompleted(batch);
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task Stop_AwaitedInside_ContextStops(string place, StopMode mode)
    {
        var clock = new ManualTimeProvider();
        var context =
            new StreamingContext(new StreamingOptions
                { Partitions = 2, TimeProvider = clock, ConcurrentJobs = place == "outputs together" ? 3 : 1 });
        int stopped = 0;
        Task loop = Describe(context, place, async () =>
        {
            await context.StopAsync(mode);
            Interlocked.Increment(ref stopped);
        });
        context.Start();
        clock.Advance(TimeSpan.FromSeconds(1));
        if (place == "stop of an input")
        {
            await context.StopAsync(mode).WaitAsync(Long);
        }

        await context.Completion.WaitAsync(Long);
        await loop.WaitAsync(Long);
        await context.DisposeAsync().AsTask().WaitAsync(Long);
        Assert.InRange(stopped, 1, int.MaxValue);
        Assert.Equal(StreamingContextState.Stopped, context.State);
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task Dispose_AwaitedInside_ContextStops(string place, StopMode _)
    {
        var clock = new ManualTimeProvider();
        var context =
            new StreamingContext(new StreamingOptions
                { Partitions = 2, TimeProvider = clock, ConcurrentJobs = place == "outputs together" ? 3 : 1 });
        Task loop = Describe(context, place, async () => await context.DisposeAsync());
        context.Start();
        clock.Advance(TimeSpan.FromSeconds(1));
        if (place == "stop of an input")
        {
            await context.DisposeAsync().AsTask().WaitAsync(Long);
        }

        await context.Completion.WaitAsync(Long);
        await loop.WaitAsync(Long);
        await context.DisposeAsync().AsTask().WaitAsync(Long);
    }

    [Fact]
    public async Task Stop_AwaitedInAnOutput_GracefulStillProcessesWhatWasReceived()
    {
        await using var scenario = new StreamScenario();
        ManualStream<int> input = scenario.Input([[1], [2]]);
        var seen = new List<int>();
        input.ForEachBatch(async (batch, _, _) =>
        {
            seen.AddRange(batch);
            await scenario.Context.StopAsync(StopMode.Graceful, CancellationToken.None);
            seen.Add(-batch.Single());
        });
        scenario.Context.Start();
        scenario.Clock.Advance(TimeSpan.FromSeconds(1));
        await scenario.Context.Completion.WaitAsync(Long);
        Assert.Equal([1, -1, 2, -2], seen);
    }

    [Fact]
    public async Task Stop_InATaskThatOutlivesItsBatch_WaitsForTheEnd()
    {
        await using var scenario = new StreamScenario();
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<StreamingContextState>? later = null;
        scenario.Input([[1]]).ForEachBatch((batch, time) =>
        {
            later ??= Task.Run(async () =>
            {
                await go.Task;
                await scenario.Context.StopAsync();
                return scenario.Context.State;
            });
        });
        Assert.True(await scenario.RunBatchesAsync(1));
        go.SetResult();
        Assert.Equal(StreamingContextState.Stopped, await later!.WaitAsync(Long));
    }

    [Fact]
    public async Task Stop_OfAnotherContext_InAnOutput_IsWaitedFor()
    {
        await using var scenario = new StreamScenario();
        await using var other = new StreamingContext(new StreamingOptions { TimeProvider = new ManualTimeProvider() });
        new ManualStream<int>(other).ForEachBatch((_, _) => { });
        other.Start();
        StreamingContextState? state = null;
        scenario.Input([[1]]).ForEachBatch(async (_, _, _) =>
        {
            await other.StopAsync(StopMode.Graceful, CancellationToken.None);
            state = other.State;
        });
        Assert.True(await scenario.RunBatchesAsync(1));
        Assert.Equal(StreamingContextState.Stopped, state);
    }

    private static Task Describe(StreamingContext context, string place, Func<Task> stop)
    {
        var source = new Source(context);
        Task loop = Task.CompletedTask;
        switch (place)
        {
            case "operator":
                source.Map(x =>
                {
                    stop().GetAwaiter().GetResult();
                    return x;
                }).ForEachBatch((_, _) => { });
                break;
            case "output":
                source.ForEachBatch(async (_, _, _) => await stop());
                break;
            case "output that blocks":
                source.ForEachBatch((_, _) => stop().GetAwaiter().GetResult());
                break;
            case "task of an output":
                source.ForEachBatch(async (_, _, _) => await Task.Run(async () =>
                {
                    await Task.Yield();
                    await stop();
                }, CancellationToken.None));
                break;
            case "outputs together":
                source.ForEachBatch(async (_, _, _) => await stop());
                source.Map(x => x).ForEachBatch(async (_, _, _) => await stop());
                break;
            case "listener":
                context.AddListener(new Listener(_ => stop().GetAwaiter().GetResult()));
                break;
            case "task of a listener":
                context.AddListener(new Listener(_ => Task.Run(stop).GetAwaiter().GetResult()));
                break;
            case "cut":
                source.OnCut = () => stop().GetAwaiter().GetResult();
                break;
            case "stop of an input":
                source.OnStop = stop;
                break;
            default:
                IAsyncEnumerable<Batch<int>> batches = source.ToAsyncEnumerable();
                loop = Task.Run(async () =>
                {
                    await foreach (Batch<int> batch in batches)
                    {
                        await stop();
                    }
                });
                break;
        }

        if (context.Outputs.Count == 0)
        {
            source.ForEachBatch((_, _) => { });
        }

        return loop;
    }
}
