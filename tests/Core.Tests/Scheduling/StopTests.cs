namespace FastStream.Tests.Core.Scheduling;

public sealed class StopTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);   // only a hang takes it

    private sealed class WatchedInput(StreamingContext context, Action? onStop = null) : InputDStream<int>(context, "Watched")
    {
        protected internal override InputBatch<int> Cut(BatchTime time) => RecordInputBatch.Of([1]);

        protected internal override ValueTask StopAsync()
        {
            onStop?.Invoke();
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>An input whose batches wait, while they run, for what only the stop ends.</summary>
    private sealed class WaitingInput(StreamingContext context, TaskCompletionSource runs) : InputDStream<int>(context, "Waiting")
    {
        private CancellationToken _stop;

        protected internal override ValueTask StartAsync(CancellationToken cancellationToken)
        {
            _stop = cancellationToken;
            return ValueTask.CompletedTask;
        }

        protected internal override InputBatch<int> Cut(BatchTime time) => new Waiting(runs, _stop);

        private sealed class Waiting(TaskCompletionSource runs, CancellationToken stop) : InputBatch<int>
        {
            public override void Run(int partition, int partitionCount, RecordBuffer<int> output)
            {
                runs.TrySetResult();
                stop.WaitHandle.WaitOne();
                stop.ThrowIfCancellationRequested();
            }

            protected override void Dispose(bool disposing)
            {
            }
        }
    }

    /// <summary>Notes its life; starts by asking for the state on another thread, as a source that starts in the background may.</summary>
    private sealed class Noting(StreamingContext context, List<string> life, bool fails) : InputDStream<int>(context, "Noting")
    {
        protected internal override async ValueTask StartAsync(CancellationToken cancellationToken)
        {
            life.Add($"{Id} starts {await Task.Run(() => Context.State, CancellationToken.None)}");
            if (fails)
            {
                throw new IOException("port taken");
            }
        }

        protected internal override InputBatch<int> Cut(BatchTime time) => RecordInputBatch.Of([1]);

        protected internal override async ValueTask StopAsync() => life.Add($"{Id} stops {await Task.Run(() => Context.State)}");

        protected internal override ValueTask CloseAsync()
        {
            life.Add($"{Id} closes");
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Listener(Action onCompleted) : StreamingListener
    {
        public override void OnBatchCompleted(BatchInfo batch) => onCompleted();
    }

    private static StreamingContext New(ManualTimeProvider clock, Func<StreamingOptions, StreamingOptions>? configure = null)
    {
        var options = new StreamingOptions { Partitions = 2, TimeProvider = clock };
        return new StreamingContext(configure?.Invoke(options) ?? options);
    }

    // Done on the thread that cancels, so that what follows the wait is inside of the call that cancels.
    private static async Task WaitForAsync(TaskCompletionSource began, CancellationToken cancellation)
    {
        var cancelled = new TaskCompletionSource();
        await using CancellationTokenRegistration registration = cancellation.Register(() => cancelled.TrySetResult());
        began.TrySetResult();
        await cancelled.Task;
    }

    [Fact]
    public async Task Immediate_OutputThatGoesOn_DoesNotHoldWhoeverStops()
    {
        var clock = new ManualTimeProvider();
        await using StreamingContext context = New(clock);
        using var gate = new ManualResetEventSlim();
        var began = new TaskCompletionSource();
        new WatchedInput(context).ForEachBatch(async (_, _, cancellation) =>
        {
            await WaitForAsync(began, cancellation);
            gate.Wait(CancellationToken.None);
        });
        context.Start();
        clock.Advance(TimeSpan.FromSeconds(1));
        await began.Task;
        try
        {
            // The call comes back, and the state can be asked for, while the output still does something.
            Task<Task> called = Task.Factory.StartNew(() => context.StopAsync(StopMode.Immediate), TaskCreationOptions.LongRunning);
            Task stopped = await called.WaitAsync(Long);
            Assert.Equal(StreamingContextState.Active, await Task.Run(() => context.State).WaitAsync(Long));
            gate.Set();
            await stopped.WaitAsync(Long);
        }
        finally
        {
            gate.Set();
        }
    }

    [Fact]
    public async Task Failure_CallbackOnTheTokenThrows_ContextStillStops()
    {
        var clock = new ManualTimeProvider();
        await using StreamingContext context = New(clock);
        new WatchedInput(context).ForEachBatch((_, _, cancellation) =>
        {
            cancellation.Register(() => throw new IOException("callback"));
            throw new IOException("output");
        });
        context.Start();
        clock.Advance(TimeSpan.FromSeconds(1));
        StreamingException failure = await Assert.ThrowsAsync<StreamingException>(() => context.Completion.WaitAsync(Long));
        Assert.EndsWith("output", failure.Message);
        Assert.Equal(StreamingContextState.Stopped, context.State);
    }

    [Fact]
    public async Task GracefulStopTimeout_IsOfTheContextsClock()
    {
        var clock = new ManualTimeProvider();
        await using StreamingContext context =
            New(clock, options => options with { BatchInterval = TimeSpan.FromDays(1), GracefulStopTimeout = TimeSpan.FromHours(1) });
        var stopping = new TaskCompletionSource();
        var began = new TaskCompletionSource();
        new WatchedInput(context, stopping.SetResult).ForEachBatch(async (_, _, cancellation) => await WaitForAsync(began, cancellation));
        context.Start();
        Task stopped = context.StopAsync();
        await stopping.Task;
        await began.Task;
        clock.Advance(TimeSpan.FromMinutes(59));
        Assert.False(stopped.IsCompleted);
        clock.Advance(TimeSpan.FromMinutes(1));
        await stopped.WaitAsync(Long);
        await context.Completion;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Immediate_RealFailureBesideOneOfTheStop_IsNotLost(bool isFirst)
    {
        var clock = new ManualTimeProvider();
        await using StreamingContext context = New(clock);
        var input = new WatchedInput(context);
        var began = new TaskCompletionSource();
        if (isFirst)
        {
            input.ForEachBatch((Batch<int> _, BatchTime _) => throw new IOException("real"));
        }

        input.ForEachBatch(async (_, _, cancellation) =>
        {
            await WaitForAsync(began, cancellation);
            cancellation.ThrowIfCancellationRequested();
        });
        if (!isFirst)
        {
            input.ForEachBatch((Batch<int> _, BatchTime _) => throw new IOException("real"));
        }

        context.Start();
        clock.Advance(TimeSpan.FromSeconds(1));
        await began.Task;
        await context.StopAsync(StopMode.Immediate);
        Assert.EndsWith("real", (await Assert.ThrowsAsync<StreamingException>(() => context.Completion)).Message);
    }

    [Fact]
    public async Task Immediate_InputThatEndsWithTheStop_IsNoFailure()
    {
        var clock = new ManualTimeProvider();
        await using StreamingContext context = New(clock);
        var runs = new TaskCompletionSource();
        new WaitingInput(context, runs).ForEachBatch((_, _) => { });
        context.Start();
        clock.Advance(TimeSpan.FromSeconds(1));
        await runs.Task;
        await context.StopAsync(StopMode.Immediate);
        await context.Completion;
    }

    [Fact]
    public async Task Dispose_InsideOfAListener_DoesNotWaitForItself()
    {
        var clock = new ManualTimeProvider();
        StreamingContext context = New(clock);
        new WatchedInput(context).ForEachBatch((_, _) => { });
        var disposed = new TaskCompletionSource();
        context.AddListener(new Listener(() =>
        {
            context.DisposeAsync().AsTask().GetAwaiter().GetResult();
            disposed.TrySetResult();
        }));
        context.Start();
        clock.Advance(TimeSpan.FromSeconds(1));
        await disposed.Task.WaitAsync(Long);
        Assert.Equal(StreamingContextState.Stopped, context.State);
        await context.DisposeAsync();
    }

    [Fact]
    public async Task Start_OneInputFails_ThoseStartedStopOnce()
    {
        var life = new List<string>();
        StreamingContext context = new(new StreamingOptions { TimeProvider = new ManualTimeProvider() });
        DStream<int>[] inputs = [new Noting(context, life, fails: false), new Noting(context, life, fails: true),
            new Noting(context, life, fails: false)];
        context.Union(inputs).ForEachBatch((_, _) => { });
        await Assert.ThrowsAsync<IOException>(() => Task.Run(context.Start).WaitAsync(Long));
        await context.DisposeAsync();
        Assert.Equal(["0 starts Active", "1 starts Active", "0 stops Stopped", "0 closes"], life);
        Assert.IsType<IOException>(context.Completion.Exception!.InnerException);
    }

    [Fact]
    public async Task Stopped_WithoutAStart_TimesAndWaitsSaySo()
    {
        await using StreamingContext context = New(new ManualTimeProvider());
        await context.StopAsync();
        Assert.Contains("stopping", Assert.Throws<InvalidOperationException>(() => context.ZeroTime).Message);
        Assert.Contains("stopping",
            (await Assert.ThrowsAsync<InvalidOperationException>(() => context.WhenCompletedAsync(default))).Message);
    }
}
