using System.Net;
using System.Net.Sockets;

namespace FastStream.Tests;

/// <summary>A receiver that does not return, or that stops its own context.</summary>
public sealed class HungReceiverTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);   // only a hang takes it

    private sealed class Scripted(Func<Receiver<int>, CancellationToken, Task> run) : Receiver<int>
    {
        public ValueTask Store(int record) => StoreAsync(record);

        protected override Task RunAsync(CancellationToken stop) => run(this, stop);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Run_IgnoresItsStop_ContextEndsWithItsNameAndTheOthersAreClosed(bool blocks)
    {
        using var gate = new ManualResetEventSlim();
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var end = new TaskCompletionSource();
        var clock = new ManualTimeProvider();
        var context = new StreamingContext(new StreamingOptions { TimeProvider = clock });
        var receiver = new Scripted((_, stop) =>
        {
            stop.Register(told.SetResult);
            if (blocks)
            {
                gate.Wait(CancellationToken.None);
            }

            return end.Task;
        });
        ListenDStream<Utf8Text> listening = context.ListenTextStream(new IPEndPoint(IPAddress.Loopback, 0));
        context.ReceiverStream(receiver).ForEachBatch((_, _) => { });
        listening.ForEachBatch((_, _) => { });
        context.Start();
        IPEndPoint place = listening.LocalEndPoint;
        Task disposed = context.DisposeAsync().AsTask();
        await told.Task.WaitAsync(Patience);
        try
        {
            // The port is another's before the time is up.
            await UntilRefusedAsync(place);
            using var patience = new CancellationTokenSource(Patience);
            while (!disposed.IsCompleted)
            {
                Assert.False(patience.IsCancellationRequested, "It is not disposed, however late it is.");
                clock.Advance(TimeSpan.FromSeconds(10));
                await Task.Yield();
            }

            Assert.Contains(
                context.Completion.Exception!.InnerExceptions.Cast<StreamingException>(),
                failure => failure.OperatorName == "Receiver 1"
                    && failure.Message.StartsWith("Input Receiver 1 has not returned", StringComparison.Ordinal));
        }
        finally
        {
            gate.Set();
            end.TrySetResult();
        }
    }

    [Theory]
    [InlineData(StopMode.Graceful)]
    [InlineData(StopMode.Immediate)]
    public async Task Run_AwaitsTheStopOfItsContext_ContextStopsWithWhatItHadStored(StopMode mode)
    {
        var context = new StreamingContext(new StreamingOptions { TimeProvider = new ManualTimeProvider() });
        var seen = new List<int>();
        var receiver = new Scripted(async (self, _) =>
        {
            await ((Scripted)self).Store(7);
            await context.StopAsync(mode, CancellationToken.None);
        });
        context.ReceiverStream(receiver).ForEachBatch((batch, _) => seen.AddRange(batch));
        context.Start();
        await context.Completion.WaitAsync(Patience);
        await context.DisposeAsync().AsTask().WaitAsync(Patience);
        Assert.Equal(mode == StopMode.Graceful ? [7] : [], seen);
    }

    private static async Task UntilRefusedAsync(IPEndPoint place)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(place, patience.Token);
            }
            catch (SocketException)
            {
                return;
            }
        }
    }
}
