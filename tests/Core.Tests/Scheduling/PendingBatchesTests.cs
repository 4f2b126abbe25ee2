namespace FastStream.Tests.Core.Scheduling;

/// <summary>
/// Batches are cut at their time as long as that says something; else when their turn comes, so that they hold what is
/// there by then.
/// </summary>
public sealed class PendingBatchesTests
{
    private const int Batches = 30;

    [Fact]
    public async Task Cut_ClockIsBehind_WaitsForTheBatchesBefore()
    {
        await using var scenario = new StreamScenario();
        var input = new WatchedInput(scenario.Context);
        input.CountDone();
        scenario.Context.Start();
        scenario.Clock.Jump(TimeSpan.FromSeconds(Batches));
        await scenario.Context.WhenCompletedAsync(new BatchTime(Batches * 1000));
        await scenario.DisposeAsync();
        Assert.Equal(Batches, input.DoneAtCut.Count);

        // The batch before has begun, so that the one before that is done with. The last tick is not late any more.
        Assert.All(input.DoneAtCut.Take(Batches - 1), (done, i) => Assert.InRange(done, i - 1, i));
    }

    [Fact]
    public async Task Cut_InputHeldUp_WaitsForTheBatchesBefore()
    {
        await using var scenario = new StreamScenario();
        var input = new WatchedInput(scenario.Context) { HoldsUp = true };
        input.CountDone();
        scenario.Context.Start();
        for (int i = 0; i < Batches; i++)
        {
            scenario.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        await scenario.Context.WhenCompletedAsync(new BatchTime(Batches * 1000));
        await scenario.DisposeAsync();
        Assert.All(input.DoneAtCut, (done, i) => Assert.InRange(done, i - 1, i));
    }

    [Fact]
    public async Task Cut_OnTimeWhileAnOutputIsSlow_DoesNotWait()
    {
        await using var scenario = new StreamScenario();
        var input = new WatchedInput(scenario.Context);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        input.ForEachBatch((_, _) => gate.Task);
        scenario.Context.Start();
        for (int i = 1; i <= Batches; i++)
        {
            scenario.Clock.Advance(TimeSpan.FromSeconds(1));
            await input.Cuts.WaitAsync(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(Batches, input.DoneAtCut.Count);
        gate.SetResult();
        await scenario.Context.WhenCompletedAsync(new BatchTime(Batches * 1000));
    }

    [Fact]
    public async Task Stop_WhileACutWaits_Ends()
    {
        await using var scenario = new StreamScenario();
        var input = new WatchedInput(scenario.Context);
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        input.ForEachBatch(async (_, _, cancellation) =>
        {
            began.TrySetResult();
            await new TaskCompletionSource().Task.WaitAsync(cancellation);
        });
        scenario.Context.Start();
        scenario.Clock.Jump(TimeSpan.FromSeconds(Batches));
        await began.Task.WaitAsync(TimeSpan.FromMinutes(1));
        await scenario.Context.StopAsync(StopMode.Immediate).WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(StreamingContextState.Stopped, scenario.Context.State);
    }

    private sealed class WatchedInput(StreamingContext context) : InputDStream<int>(context, "Watched")
    {
        private int _done;

        public bool HoldsUp { get; init; }

        public SemaphoreSlim Cuts { get; } = new(0);

        /// <summary>How many batches were done with when each one was cut.</summary>
        public List<int> DoneAtCut { get; } = [];

        protected internal override bool IsBackpressured => HoldsUp;

        public void CountDone() => this.ForEachBatch(async (_, _, _) =>
        {
            // Not at once: cuts that do not wait overtake it.
            for (int i = 0; i < 100; i++)
            {
                await Task.Yield();
            }

            Interlocked.Increment(ref _done);
        });

        protected internal override InputBatch<int> Cut(BatchTime time)
        {
            DoneAtCut.Add(Volatile.Read(ref _done));
            Cuts.Release();
            return RecordInputBatch.Of([1]);
        }
    }
}
