using System.Net;
using System.Net.Sockets;

namespace FastStream.Tests;

/// <summary>Receivers whose own loop ends by an error that it does not expect: here, of the clock that times a new try.</summary>
public sealed class UnexpectedEndTests
{
    private static readonly TimeSpan Delay = TimeSpan.FromHours(5);

    private static async Task EndsAsync(Action<StreamingContext> describe)
    {
        await using var context = new StreamingContext(
            new StreamingOptions { BatchInterval = TimeSpan.FromHours(1), TimeProvider = new BrokenClock() });
        describe(context);
        context.Start();
        var failure = await Assert.ThrowsAsync<StreamingException>(() => context.Completion.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains("has stopped receiving because of an error that it does not expect: no timer", failure.Message);
    }

    [Fact]
    public Task Receiver_FailsTheContext() => EndsAsync(context => context.ReceiverStream(new Failing { RestartDelay = Delay }).Print());

    [Fact]
    public Task SocketStream_FailsTheContext() => EndsAsync(context => context.SocketTextStream(
        "127.0.0.1", Peer.FreePort(), new SocketSourceOptions { FirstRetryDelay = Delay, LongestRetryDelay = Delay }).Print());

    [Fact]
    public Task ListenStream_FailsTheContext() => EndsAsync(context =>
    {
        ListenDStream<Utf8Text> lines = context.ListenTextStream(new IPEndPoint(IPAddress.Loopback, 0));
        lines.Acceptor.FirstRetry = Delay;
        lines.Acceptor.AcceptOne = (_, _) => ValueTask.FromException<Socket>(new SocketException((int)SocketError.TooManyOpenSockets));
        lines.Print();
    });

    private sealed class Failing : Receiver<int>
    {
        protected override Task RunAsync(CancellationToken stop) => throw new IOException("cut off");
    }

    // Retries come after half of the delay at least.
    private sealed class BrokenClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            dueTime >= Delay / 2 ? throw new NotSupportedException("no timer") : System.CreateTimer(callback, state, dueTime, period);
    }
}
