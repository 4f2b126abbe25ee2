using FastStream.Tests.Core.Checkpointing;
using FastStream.Tests.Core.Outputs;

namespace FastStream.Tests.Core.Scheduling;

/// <summary>What does not return is left behind when the stop has taken as long as it may; what comes back later has no effect.</summary>
public sealed class HangTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);      // only a hang takes it
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);    // ImmediateStopTimeout's default
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ManualTimeProvider _clock = new();
    private readonly ManualResetEventSlim _gate = new();                  // what hangs waits for it
    private readonly TaskCompletionSource _hangs = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Places of a program that may not return: how the program is described, and what the failure names.</summary>
    public static TheoryData<string, string> InBatches => new()
    {
        { "operator", "Map 1" },
        { "operator of two", "Filter 2" },
        { "operator behind an exchange", "behind" },
        { "end of a batch", "MapPartitions 1" },
        { "output", "ForEachBatch of Source 0" },
        { "output that ignores its token", "ForEachBatch of Source 0" },
        { "output beside others", "ForEachBatch of Source 0" },
        { "records of an input", "Source 0" },
        { "cut of an input", "Source 0" },
        { "memory of an input", "the return of its memory" },
    };

    private sealed class Source(StreamingContext context) : InputDStream<int>(context, "Source")
    {
        public Func<BatchTime, InputBatch<int>> OnCut { get; init; } = _ => RecordInputBatch.Of([1]);

        public Func<ValueTask> OnStart { get; init; } = () => ValueTask.CompletedTask;

        public Func<ValueTask> OnStop { get; init; } = () => ValueTask.CompletedTask;

        public Func<ValueTask> OnClose { get; init; } = () => ValueTask.CompletedTask;

        protected internal override ValueTask StartAsync(CancellationToken cancellationToken) => OnStart();

        protected internal override InputBatch<int> Cut(BatchTime time) => OnCut(time);

        protected internal override ValueTask StopAsync() => OnStop();

        protected internal override ValueTask CloseAsync() => OnClose();
    }

    private sealed class Running(Action run) : InputBatch<int>
    {
        public override void Run(int partition, int partitionCount, RecordBuffer<int> output) => run();

        protected override void Dispose(bool disposing)
        {
        }
    }

    private sealed class Listener(Action onStarted) : StreamingListener
    {
        public override void OnStreamingStarted(BatchTime zeroTime) => onStarted();
    }

    private sealed class SlowFormat(Action write) : IOutputFormat<int>
    {
        public string Extension => "txt";

        public void WriteStart(System.Buffers.IBufferWriter<byte> output)
        {
        }

        public void Write(System.Buffers.IBufferWriter<byte> output, in int record) => write();
    }

    public void Dispose() => _gate.Set();   // whatever a failed test has left hanging

    [Theory]
    [MemberData(nameof(InBatches))]
    public async Task Immediate_SomethingDoesNotReturn_CompletionNamesItAndDisposeReturns(string place, string name)
    {
        StreamingContext context = Describe(place);
        context.Start();
        Task batch = context.WhenCompletedAsync(new BatchTime(1000));
        _clock.Advance(Second);
        await _hangs.Task.WaitAsync(Long);
        Task stopped = context.StopAsync(StopMode.Immediate);
        Assert.False(context.Completion.IsCompleted);
        _clock.Advance(Limit);
        await stopped.WaitAsync(Long);
        StreamingException failure = await Assert.ThrowsAsync<StreamingException>(() => context.Completion);
        Assert.Equal(name, failure.OperatorName);
        Assert.Equal(new BatchTime(1000), failure.BatchTime);
        Assert.IsType<TimeoutException>(failure.InnerException);
        Assert.Equal(StreamingContextState.Stopped, context.State);
        await Assert.ThrowsAnyAsync<Exception>(() => batch.WaitAsync(Long));
        await context.DisposeAsync().AsTask().WaitAsync(Long);
    }

    [Fact]
    public async Task GracefulStopTimeout_OutputIgnoresItsToken_CompletionNamesIt()
    {
        StreamingContext context =
            New(options => options with { GracefulStopTimeout = TimeSpan.FromMinutes(1), ImmediateStopTimeout = TimeSpan.FromSeconds(3) });
        new Source(context).ForEachBatch((_, _) => Hang());
        context.Start();
        _clock.Advance(Second);
        await _hangs.Task.WaitAsync(Long);
        Task stopped = context.StopAsync();
        await WhileNotDone(stopped, TimeSpan.FromSeconds(20));
        Assert.Equal("ForEachBatch of Source 0", (await Assert.ThrowsAsync<StreamingException>(() => context.Completion)).OperatorName);
        await context.DisposeAsync().AsTask().WaitAsync(Long);
    }

    [Fact]
    public async Task Operator_ComesBackLater_NothingFollowsAndItsMemoryIsGivenBackThen()
    {
        StreamingContext context =
            New(options => options with { Partitions = 1, OnBatchFailure = BatchFailurePolicy.ReportAndContinue, BatchRetries = 3 });
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var calls = new List<string>();
        var recorder = new ListenerRecorder();
        context.AddListener(recorder);
        var source = new Source(context)
            { OnCut = _ => new RecordInputBatch<int>([Enumerable.Range(0, 2000).ToArray()], _ => released.TrySetResult()) };
        source
            .Map(x =>
            {
                if (x == 0)
                {
                    Hang();
                }

                return x;
            })
            .Filter(x =>
            {
                calls.Add($"filter {x}");
                return true;
            })
            .ForEachBatch((_, _) => calls.Add("output"));
        await StartAndDisposeWhileItHangs(context);
        int events = recorder.Events.Count;
        Assert.False(released.Task.IsCompleted);   // the operator may still read it

        _gate.Set();
        await released.Task.WaitAsync(Long);
        Assert.Empty(calls);
        Assert.Equal(events, recorder.Events.Count);
        Assert.Equal(0, context.Metrics.CompletedBatches);
    }

    [Fact]
    public async Task Output_ComesBackLater_OutputsBehindItDoNotRun()
    {
        StreamingContext context = New();
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var calls = new List<string>();
        var source = new Source(context) { OnCut = _ => new RecordInputBatch<int>([new[] { 1 }], _ => released.TrySetResult()) };
        source.ForEachBatch((_, _) => Hang());
        source.ForEachBatch((_, _) => calls.Add("second"));
        await StartAndDisposeWhileItHangs(context);
        Assert.False(released.Task.IsCompleted);
        _gate.Set();
        await released.Task.WaitAsync(Long);
        Assert.Empty(calls);
    }

    [Fact]
    public async Task Output_HangsWithCheckpoints_TheNextContextHasTheDirectoryAndTheBatch()
    {
        using var folder = new JobFolder();
        var back = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        StreamScenario first = folder.Start(interval: 100);
        Totals(first, [[1], [2]]).ForEachBatch((batch, time) =>
        {
            if (time == new BatchTime(2000))
            {
                Hang();
                back.TrySetResult();
            }
        });
        first.Context.Start();
        first.Clock.Advance(2 * Second);
        await _hangs.Task.WaitAsync(Long);
        Task disposed = first.DisposeAsync().AsTask();
        first.Clock.Advance(Limit);
        await disposed.WaitAsync(Long);

        var seen = new List<(long Time, bool IsReplay, int Total)>();
        await using (StreamScenario second = folder.Start(afterTick: 2, interval: 100))
        {
            Totals(second, [[10]]).ForEachBatch((batch, time) => seen.Add((time.Milliseconds, batch.IsReplay, batch.Single().Value)));
            Assert.True(await second.RunBatchesAsync(1));

            // What comes back neither commits its batch a second time nor writes to what is another's.
            _gate.Set();
            await back.Task.WaitAsync(Long);
            Assert.True(await second.RunBatchesAsync(1));
        }

        await using StreamScenario third = folder.Start(afterTick: 4, interval: 100);
        Totals(third, [[100]]).ForEachBatch((batch, time) => seen.Add((time.Milliseconds, batch.IsReplay, batch.Single().Value)));
        Assert.True(await third.RunBatchesAsync(1));

        // Batches that the first had planned for its last ticks, empty, may come too: it was told to stop while its clock went on.
        Assert.Equal((2000, true, 3), seen[0]);
        Assert.Equal(seen.Select(each => each.Time).Distinct(), seen.Select(each => each.Time));
        Assert.Equal([3, 13, 113], seen.Select(each => each.Total).Distinct());
    }

    [Fact]
    public async Task SaveAsFiles_ComesBackLater_PublishesNothing()
    {
        using var folder = new TemporaryDirectory();
        StreamingContext context = New();
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Source(context)
            { OnCut = _ =>
                new RecordInputBatch<int>([new[] { 1 }], _ => released.TrySetResult()) }.SaveAsFiles(Path.Combine(folder.Path, "out"),
                new SlowFormat(Hang));
        await StartAndDisposeWhileItHangs(context);
        _gate.Set();
        await released.Task.WaitAsync(Long);
        Assert.Empty(Directory.EnumerateDirectories(folder.Path, "out*"));
    }

    [Theory]
    [InlineData(StopMode.Immediate)]
    [InlineData(StopMode.Graceful)]
    public async Task Input_DoesNotStop_TheOthersStopAndCompletionNamesIt(StopMode mode)
    {
        StreamingContext context = New(options => options with { GracefulStopTimeout = TimeSpan.FromMinutes(1) });
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var hung = new Source(context)
        {
            OnStop = () =>
            {
                Hang();
                return ValueTask.CompletedTask;
            },
        };
        var other = new Source(context)
        {
            OnStop = () =>
            {
                closed.TrySetResult();
                return ValueTask.CompletedTask;
            },
        };
        hung.Union(other).ForEachBatch((_, _) => { });
        context.Start();
        Task stopped = context.StopAsync(mode);
        await _hangs.Task.WaitAsync(Long);
        await closed.Task.WaitAsync(Long);
        await WhileNotDone(stopped, TimeSpan.FromSeconds(20));
        await Assert.ThrowsAsync<StreamingException>(() => context.Completion);
        Assert.Contains("Source 0", NamesOf(context));
        Assert.Contains(context.Completion.Exception!.InnerExceptions,
            failure => failure.Message.StartsWith("Input Source 0 has not returned", StringComparison.Ordinal));
        await context.DisposeAsync().AsTask().WaitAsync(Long);
    }

    [Fact]
    public async Task Input_DoesNotStart_DisposeReturnsAndNothingStarts()
    {
        StreamingContext context = New();
        bool cut = false;
        var source = new Source(context)
        {
            OnStart = () =>
            {
                Hang();
                return ValueTask.CompletedTask;
            },
            OnCut = _ =>
            {
                cut = true;
                return RecordInputBatch.Of([1]);
            },
        };
        source.ForEachBatch((_, _) => { });
        Task starting = Task.Factory.StartNew(context.Start, TaskCreationOptions.LongRunning);
        await _hangs.Task.WaitAsync(Long);
        Task disposed = context.DisposeAsync().AsTask();
        _clock.Advance(Limit);
        await disposed.WaitAsync(Long);
        Assert.Equal("Source 0", (await Assert.ThrowsAsync<StreamingException>(() => context.Completion)).OperatorName);
        _gate.Set();
        await starting.WaitAsync(Long);
        _clock.Advance(5 * Second);
        Assert.False(cut);
    }

    [Fact]
    public async Task Listener_DoesNotReturn_CompletionNamesItAndDisposeReturns()
    {
        StreamingContext context = New();
        context.AddListener(new Listener(Hang));
        new Source(context).ForEachBatch((_, _) => { });
        context.Start();
        await _hangs.Task.WaitAsync(Long);
        Task disposed = context.DisposeAsync().AsTask();
        while (context.State != StreamingContextState.Stopped)
        {
            await Task.Yield();
        }

        await WhileNotDone(disposed, Second);
        StreamingException failure = await Assert.ThrowsAsync<StreamingException>(() => context.Completion);
        Assert.Equal("Listener", failure.OperatorName);
        Assert.Contains("was left behind", failure.Message);
    }

    [Fact]
    public async Task Failure_WhileAnotherOutputDoesNotReturn_CompletionHasBoth()
    {
        StreamingContext context = New(options => options with { ConcurrentJobs = 2 });
        var source = new Source(context);
        source.ForEachBatch((_, _) => Hang());
        var broken = new Source(context)
            { OnCut = time => time == new BatchTime(2000) ? throw new IOException("disk") : RecordInputBatch.Of([1]) };
        broken.Named("broken").ForEachBatch((_, _) => { });
        context.Start();
        _clock.Advance(Second);
        await _hangs.Task.WaitAsync(Long);
        _clock.Advance(Second);
        await WhileNotDone(context.Completion, Second);
        Assert.Equal("broken", NamesOf(context)[0]);
        Assert.Contains("ForEachBatch of Source 0", NamesOf(context));
        await context.DisposeAsync().AsTask().WaitAsync(Long);
    }

    private static DStream<(string Key, int Value)> Totals(StreamScenario scenario, IReadOnlyList<IReadOnlyList<int>> batches) =>
        scenario.Input(batches).Map(x => (Key: "a", Value: x))
            .UpdateStateByKey((ReadOnlySpan<int> values, Optional<int> state) => state.GetValueOrDefault() + values.ToArray().Sum());

    // A clock that a test moves may also catch what would have ended at once: other names may be among them.
    private static string?[] NamesOf(StreamingContext context) =>
        [.. context.Completion.Exception!.InnerExceptions.Cast<StreamingException>().Select(failure => failure.OperatorName)];

    private async Task StartAndDisposeWhileItHangs(StreamingContext context)
    {
        context.Start();
        _clock.Advance(Second);
        await _hangs.Task.WaitAsync(Long);
        Task disposed = context.DisposeAsync().AsTask();
        _clock.Advance(Limit);
        await disposed.WaitAsync(Long);
    }

    private void Hang()
    {
        _hangs.TrySetResult();
        _gate.Wait();
    }

    private StreamingContext New(Func<StreamingOptions, StreamingOptions>? configure = null)
    {
        var options = new StreamingOptions { Partitions = 2, TimeProvider = _clock, PoisonReturnedBlocks = true };
        return new StreamingContext(configure?.Invoke(options) ?? options);
    }

    // The clock goes on, until something that depends on it is done.
    private async Task WhileNotDone(Task task, TimeSpan step)
    {
        using var patience = new CancellationTokenSource(Long);
        while (!task.IsCompleted)
        {
            Assert.False(patience.IsCancellationRequested, "It is not done, however late it is.");
            _clock.Advance(step);
            await Task.Yield();
        }
    }

    private StreamingContext Describe(string place)
    {
        StreamingContext context = New(options => place == "output beside others" ? options with { ConcurrentJobs = 3 } : options);
        int Hanging(int x)
        {
            Hang();
            return x;
        }

        var source = new Source(context)
        {
            OnCut = _ => place switch
            {
                "cut of an input" => RecordInputBatch.Of([Hanging(1)]),
                "records of an input" => new Running(Hang),
                "memory of an input" => new RecordInputBatch<int>([new[] { 1 }], _ => Hang()),
                _ => RecordInputBatch.Of([1]),
            },
        };
        _ = place switch
        {
            "operator" => source.Map(Hanging).Filter(x => x > 0).ForEachBatch((_, _) => { }),
            "operator of two" => source.Map(x => x).Filter(x => Hanging(x) > 0).ForEachBatch((_, _) => { }),
            "operator behind an exchange" =>
                source.Map(x => (x, x)).ReduceByKey((a, b) => a + b).Map(pair => Hanging(pair.Key)).Named("behind")
                    .ForEachBatch((_, _) => { }),
            "end of a batch" => source.MapPartitions(records => Records(records, Hanging)).ForEachBatch((_, _) => { }),
            "output" => source.ForEachBatch((_, _) => Hang()),
            "output that ignores its token" => source.ForEachBatch(async (_, _, _) =>
            {
                _hangs.TrySetResult();
                await new TaskCompletionSource().Task;
            }),
            "output beside others" => source.ForEachBatch((_, _) => Hang()),
            _ => source.ForEachBatch((_, _) => { }),
        };
        return context;
    }

    private static IEnumerable<int> Records(IEnumerable<int> records, Func<int, int> map)
    {
        foreach (int record in records)
        {
            yield return map(record);
        }
    }
}
