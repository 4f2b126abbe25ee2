using System.Threading.Channels;

namespace FastStream.Tests;

public class ReceiverStreamTests
{
    /// <summary>Does what the test tells it, run by run.</summary>
    private sealed class ScriptedReceiver(Func<ScriptedReceiver, int, CancellationToken, Task> script) : Receiver<int>
    {
        private int _runs;

        public Channel<int> Runs { get; } = Channel.CreateUnbounded<int>();

        public ValueTask Store(int record, CancellationToken cancellation = default) => StoreAsync(record, cancellation);

        public ValueTask StoreBlock(int[] records, CancellationToken cancellation = default) => StoreBlockAsync(records, cancellation);

        protected override async Task RunAsync(CancellationToken stop)
        {
            int run = ++_runs;
            Runs.Writer.TryWrite(run);
            await script(this, run, stop);
        }
    }

    private static Task UntilStopped(CancellationToken stop) => new TaskCompletionSource().Task.WaitAsync(stop);

    private static ValueTask<int> NextRun(ScriptedReceiver receiver) =>
        new(receiver.Runs.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60)));

    [Fact]
    public async Task Store_OneAndBlock_AreInTheBatchInOrder()
    {
        var receiver = new ScriptedReceiver((_, _, stop) => UntilStopped(stop));
        Assert.Equal(ReceiverState.Initialized, receiver.State);
        await using InputRun<int> run = InputRun<int>.Start(context => context.ReceiverStream(receiver));
        Assert.Equal(0, receiver.StreamId);
        await NextRun(receiver);
        Assert.Equal(ReceiverState.Started, receiver.State);
        await receiver.Store(1);
        await receiver.StoreBlock([2, 3, 4]);
        await receiver.Store(5);
        Assert.Equal([1, 2, 3, 4, 5], await run.TickAsync());
        Assert.Empty(await run.TickAsync());
        await run.StopAsync();
        Assert.Equal(ReceiverState.Stopped, receiver.State);
        Assert.True((await run.Listener.Started.Task).IsActive);
        Assert.False((await run.Listener.Stopped.Task).IsActive);
    }

    [Fact]
    public async Task IsBackpressured_WhileItsRoomIsFull()
    {
        var receiver = new ScriptedReceiver((_, _, stop) => UntilStopped(stop));
        InputDStream<int>? stream = null;
        await using InputRun<int> run = InputRun<int>.Start(
            context => stream = (InputDStream<int>)context.ReceiverStream(receiver), new StreamingOptions
                { Partitions = 2, MaxBufferedRecords = 2 });
        await NextRun(receiver);
        await receiver.Store(1);
        Assert.False(stream!.IsBackpressured);
        await receiver.Store(2);
        Assert.True(stream.IsBackpressured);
        Assert.Equal([1, 2], await run.TickAsync());
        Assert.False(stream.IsBackpressured);
        await run.StopAsync();
    }

    [Fact]
    public async Task Run_Throws_IsReportedAndBeginsAgainAfterTheDelay()
    {
        var receiver = new ScriptedReceiver((self, run, stop) => run == 1 ? throw new IOException("line cut") : UntilStopped(stop))
            { RestartDelay = TimeSpan.FromSeconds(3) };
        await using InputRun<int> run = InputRun<int>.Start(context => context.ReceiverStream(receiver));
        Assert.Equal(1, await NextRun(receiver));
        await run.Listener.NextErrorAsync();
        Assert.StartsWith("line cut", run.Listener.Errors.Single());
        await run.TickUntilAsync(() => receiver.Runs.Reader.Count > 0);
        Assert.Equal(2, await NextRun(receiver));
        await receiver.Store(7);
        await run.TickUntilAsync(1);
        await run.StopAsync();
    }

    [Fact]
    public async Task Restart_WhileRunning_EndsTheRunAndBeginsAnother()
    {
        var receiver = new ScriptedReceiver((_, _, stop) => UntilStopped(stop));
        await using InputRun<int> run = InputRun<int>.Start(context => context.ReceiverStream(receiver));
        Assert.Equal(1, await NextRun(receiver));
        receiver.Restart("a new address", null, TimeSpan.FromMilliseconds(100));
        await run.Listener.NextErrorAsync();
        Assert.Equal("a new address", run.Listener.Errors.Single());
        await run.TickUntilAsync(() => receiver.Runs.Reader.Count > 0);
        Assert.Equal(2, await NextRun(receiver));
        Assert.Equal(ReceiverState.Started, receiver.State);
        await run.StopAsync();
    }

    [Fact]
    public async Task Stop_WhileRunningUnderReportAndContinue_EndsItForGoodAndTheStreamGoesOn()
    {
        var receiver = new ScriptedReceiver((_, _, stop) => UntilStopped(stop));
        await using InputRun<int> run =
            InputRun<int>.Start(context => context.ReceiverStream(receiver), new StreamingOptions
                { OnBatchFailure = BatchFailurePolicy.ReportAndContinue });
        await NextRun(receiver);
        await receiver.Store(1);
        receiver.Stop("enough", new InvalidOperationException("why"));
        ReceiverInfo stopped = await run.Listener.Stopped.Task.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal("enough", stopped.LastErrorMessage);
        Assert.Equal("why", stopped.LastError!.Message);
        Assert.Equal([1], await run.TickAsync());
        Assert.Empty(await run.TickAsync());
        await run.StopAsync();
    }

    [Fact]
    public async Task Stop_GracefulWithASlowReceiver_TakesWhatItStillStores()
    {
        var receiver = new ScriptedReceiver(async (self, _, stop) =>
        {
            try
            {
                await UntilStopped(stop);
            }
            catch (OperationCanceledException)
            {
                for (int i = 0; i < 15; i++)
                {
                    await Task.Yield();
                    await self.Store(i, CancellationToken.None);
                }
            }
        });
        await using InputRun<int> run = InputRun<int>.Start(context => context.ReceiverStream(receiver));
        await NextRun(receiver);
        await run.StopAsync();
        Assert.Equal(Enumerable.Range(0, 15), run.Records);
    }

    [Theory]
    [InlineData(StopMode.Graceful)]
    [InlineData(StopMode.Immediate)]
    public async Task Stop_CallbackOfTheReceiverThrows_IsReportedAndTheContextStops(StopMode mode)
    {
        var registered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var receiver = new ScriptedReceiver(async (self, _, stop) =>
        {
            stop.Register(() => throw new IOException("closed already"));
            registered.SetResult();
            try
            {
                await UntilStopped(stop);
            }
            finally
            {
                await self.Store(1, CancellationToken.None);
            }
        });
        await using InputRun<int> run = InputRun<int>.Start(context => context.ReceiverStream(receiver));
        await registered.Task.WaitAsync(TimeSpan.FromSeconds(60));
        await run.StopAsync(mode);
        await run.Context.Completion.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal("A callback on the receiver's stop token failed: closed already", run.Listener.Errors.Single());
        Assert.Equal(mode == StopMode.Graceful ? [1] : [], run.Records);
    }

    [Fact]
    public async Task Run_ThrowsOnTheStop_DoesNotPromiseAnotherRun()
    {
        var receiver = new ScriptedReceiver(async (_, _, stop) =>
        {
            await Task.WhenAny(UntilStopped(stop));
            throw new IOException("line cut");
        });
        await using InputRun<int> run = InputRun<int>.Start(context => context.ReceiverStream(receiver));
        await NextRun(receiver);
        await run.StopAsync();
        Assert.Equal("line cut", run.Listener.Errors.Single());
    }

    [Fact]
    public async Task Store_AfterTheStop_IsRefused()
    {
        var receiver = new ScriptedReceiver((_, _, stop) => UntilStopped(stop));
        await using InputRun<int> run =
            InputRun<int>.Start(context => context.ReceiverStream(receiver), new StreamingOptions { MaxBufferedRecords = 2 });
        await NextRun(receiver);
        await receiver.Store(1);
        await run.StopAsync();
        for (int i = 0; i < 5; i++)
        {
            await Assert.ThrowsAsync<OperationCanceledException>(() => receiver.Store(2).AsTask().WaitAsync(TimeSpan.FromSeconds(60)));
            await Assert.ThrowsAsync<OperationCanceledException>(() => receiver.StoreBlock([3, 4]).AsTask()
                .WaitAsync(TimeSpan.FromSeconds(60)));
        }

        Assert.Equal([1], run.Records);
    }

    [Fact]
    public void Restart_DelayOutOfRange_Throws()
    {
        var context = new StreamingContext(TimeSpan.FromSeconds(1));
        var receiver = new ScriptedReceiver((_, _, stop) => UntilStopped(stop));
        context.ReceiverStream(receiver);
        Assert.Throws<ArgumentOutOfRangeException>(() => receiver.Restart("too early", null, TimeSpan.FromSeconds(-1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => receiver.Restart("too late", null, TimeSpan.MaxValue));
        var never = new ScriptedReceiver((_, _, stop) => UntilStopped(stop)) { RestartDelay = TimeSpan.MaxValue };
        Assert.Throws<ArgumentOutOfRangeException>(() => context.ReceiverStream(never));
    }

    [Fact]
    public async Task Store_BoundReached_WaitsUntilABatchIsDone()
    {
        var receiver = new ScriptedReceiver((_, _, stop) => UntilStopped(stop));
        await using InputRun<int> run =
            InputRun<int>.Start(context => context.ReceiverStream(receiver), new StreamingOptions { MaxBufferedRecords = 3 });
        for (int i = 0; i < 3; i++)
        {
            Assert.True(receiver.Store(i).AsTask().IsCompletedSuccessfully);
        }

        Task fourth = receiver.Store(3).AsTask();
        Assert.False(fourth.IsCompleted);
        using var given = new CancellationTokenSource();
        Task fifth = receiver.Store(4, given.Token).AsTask();
        given.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fifth);
        Assert.Equal([0, 1, 2], await run.TickAsync());
        await fourth.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal([3], await run.TickAsync());

        // A block larger than the bound waits until it is alone.
        await receiver.StoreBlock([5, 6, 7, 8, 9]);
        Assert.Equal([5, 6, 7, 8, 9], await run.TickAsync());
        await run.StopAsync();
    }

    [Fact]
    public async Task Store_RateLimit_FollowsTheClock()
    {
        var options = new StreamingOptions { Rate = new RateOptions { MaxRecordsPerSecond = 10 } };
        var receiver = new ScriptedReceiver(async (self, _, stop) =>
        {
            for (int i = 0; i < 1000 && !stop.IsCancellationRequested; i++)
            {
                await self.Store(i, stop);
            }
        });
        await using InputRun<int> run = InputRun<int>.Start(context => context.ReceiverStream(receiver), options);
        await run.TickUntilAsync(100);
        double seconds = (run.Clock.GetUtcNow() - DateTimeOffset.FromUnixTimeSeconds(1_700_000_000)).TotalSeconds;
        Assert.InRange(run.Records.Count(), 100, (seconds * 10) + 11);
        await run.StopAsync(StopMode.Immediate);
    }

    [Fact]
    public void ReceiverStream_ReceiverOfAnotherStream_Throws()
    {
        var context = new StreamingContext(TimeSpan.FromSeconds(1));
        var receiver = new ScriptedReceiver((_, _, stop) => UntilStopped(stop));
        Assert.Throws<InvalidOperationException>(() => receiver.ReportError("nobody listens"));
        context.ReceiverStream(receiver);
        Assert.Throws<InvalidOperationException>(() => context.ReceiverStream(receiver));
    }
}
