using System.Text;

namespace FastStream.Tests;

public class SocketTextStreamTests
{
    private static readonly StreamingOptions Small = new() { Partitions = 2, BlockSizeBytes = 4096, MaxBufferedBytes = 8 * 4096 };

    // The tests' clock runs ahead of the system: connecting takes no time of the one, but some of the other.
    private static InputRun<string> Run(int port, SocketSourceOptions? socket = null, StreamingOptions? options = null) =>
        InputRun<string>.Start(
            context => context.SocketTextStream("127.0.0.1", port, (socket ?? new()) with { ConnectTimeout = Timeout.InfiniteTimeSpan })
                .Map(line => line.ToString()), options);

    [Fact]
    public async Task Cut_LinesSent_GivesThemInOrder()
    {
        using var peer = new Peer();
        await using InputRun<string> run = Run(peer.Port);
        using Connection connection = await peer.AcceptAsync();
        await connection.SendAsync("one\ntwo\r\nthree\r\n\nfive\n");
        await run.TickUntilAsync(5);
        await connection.SendAsync("six\n");
        await run.TickUntilAsync(6);
        Assert.Empty(await run.TickAsync());
        await run.StopAsync();
        Assert.Equal(["one", "two", "three", "", "five", "six"], run.Records);
    }

    [Fact]
    public async Task Connect_RefusedFirst_ConnectsWhenThePeerIsUp()
    {
        int port = Peer.FreePort();
        await using InputRun<string> run = Run(port);
        await run.Listener.NextErrorAsync();
        using var peer = new Peer(port);
        Task<Connection> accepting = peer.AcceptAsync();
        await run.TickUntilAsync(() => accepting.IsCompleted);
        using Connection connection = await accepting;
        await connection.SendAsync("up\n");
        await run.TickUntilAsync(1);
        await run.StopAsync();
        Assert.Equal(["up"], run.Records);
        Assert.Contains("Connecting to 127.0.0.1:", run.Listener.Errors.First());
    }

    [Fact]
    public async Task Receive_EndOfStream_DeliversTheUnfinishedLineAndConnectsAgain()
    {
        using var peer = new Peer();
        await using InputRun<string> run = Run(peer.Port);
        using Connection first = await peer.AcceptAsync();
        await first.SendAsync("one\ntwo");
        first.End();
        Task<Connection> accepting = peer.AcceptAsync();
        await run.TickUntilAsync(() => accepting.IsCompleted);
        using Connection second = await accepting;
        await second.SendAsync("three\n");
        await run.TickUntilAsync(3);
        await run.StopAsync();
        Assert.Equal(["one", "two", "three"], run.Records);
    }

    [Fact]
    public async Task Receive_EndOfStreamWithoutReconnect_GoesOnWithEmptyBatches()
    {
        using var peer = new Peer();
        await using InputRun<string> run = Run(peer.Port, new SocketSourceOptions { Reconnect = false });
        using Connection connection = await peer.AcceptAsync();
        await connection.SendAsync("one\ntwo");
        connection.End();
        await run.Listener.Stopped.Task.WaitAsync(TimeSpan.FromSeconds(60));
        await run.TickUntilAsync(2);
        Assert.Empty(await run.TickAsync());
        await run.StopAsync();
        Assert.Equal(["one", "two"], run.Records);
        Assert.Empty(run.Listener.Errors);
    }

    [Fact]
    public async Task Receive_ResetInTheMiddleOfALine_KeepsWholeLinesAndCountsTheRest()
    {
        using var peer = new Peer();
        await using InputRun<string> run = Run(peer.Port);
        for (int i = 0; i < 20; i++)
        {
            Task<Connection> accepting = peer.AcceptAsync();
            await run.TickUntilAsync(() => accepting.IsCompleted);
            using Connection connection = await accepting;
            await connection.SendAsync($"whole {i}\ncut off");

            // The reset may overtake bytes that wait in the receiver's system: only what was received is promised.
            await run.TickUntilAsync(i + 1);
            connection.Reset();
            await run.Listener.NextErrorAsync();
        }

        await run.StopAsync();
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"whole {i}"), run.Records);
        Assert.InRange(run.Context.Metrics.DroppedRecords, 1, 20);
    }

    [Fact]
    public async Task Receive_NothingComesForTheIdleTimeout_ConnectsAgain()
    {
        using var peer = new Peer();
        await using InputRun<string> run = Run(peer.Port, new SocketSourceOptions { IdleTimeout = TimeSpan.FromSeconds(5) });
        using Connection halfOpen = await peer.AcceptAsync();
        Task<Connection> accepting = peer.AcceptAsync();
        await run.TickUntilAsync(() => accepting.IsCompleted);
        using Connection second = await accepting;
        await run.StopAsync();
        Assert.Contains("Nothing came from 127.0.0.1:", run.Listener.Errors.First());
    }

    [Fact]
    public async Task Connect_TimeOut_IsReportedAndTriedAgain()
    {
        // A peer that does not answer the handshake: TLS counts as part of connecting.
        using var peer = new Peer();
        await using InputRun<string> run = InputRun<string>.Start(
            context => context.SocketTextStream("127.0.0.1", peer.Port, new SocketSourceOptions
                { Tls = new() { TargetHost = "localhost" } }).Map(line => line.ToString()));
        using Connection silent = await peer.AcceptAsync();
        await run.TickUntilAsync(() => run.Listener.Errors.Any());
        await run.StopAsync();
        Assert.Contains("There was no connection after 00:00:10.", run.Listener.Errors.First());
    }

    [Theory]
    [InlineData(OversizedRecordPolicy.DropRecord)]
    [InlineData(OversizedRecordPolicy.Truncate)]
    public async Task Receive_LineWithoutEnd_StaysBounded(OversizedRecordPolicy policy)
    {
        using var peer = new Peer();
        await using InputRun<string> run =
            Run(peer.Port, new SocketSourceOptions { OversizedRecords = policy }, Small with { MaxRecordBytes = 10_000 });
        using Connection connection = await peer.AcceptAsync();
        await connection.SendAsync("before\n");
        byte[] piece = new byte[1 << 16];
        piece.AsSpan().Fill((byte)'x');
        for (int i = 0; i < 64; i++)
        {
            await connection.SendAsync(piece);
        }

        await connection.SendAsync("end\nafter\n");
        await run.TickUntilAsync(() => run.Records.Contains("after"));
        await run.StopAsync();
        string[] expected = policy == OversizedRecordPolicy.DropRecord ? ["before", "after"] : ["before", new string('x', 10_000), "after"];
        Assert.Equal(expected, run.Records);
        Assert.Equal(policy == OversizedRecordPolicy.DropRecord ? 1 : 0, run.Context.Metrics.DroppedRecords);
        Assert.Single(run.Listener.Warnings);
    }

    [Fact]
    public async Task Receive_LineWithoutEndAndFailStream_FailsTheContext()
    {
        using var peer = new Peer();
        await using InputRun<string> run = Run(peer.Port, null, Small with { MaxRecordBytes = 100 });
        using Connection connection = await peer.AcceptAsync();
        await connection.SendAsync(new string('x', 200));
        var failure = await Assert.ThrowsAsync<StreamingException>(() => run.Context.Completion.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains("more than 100 bytes", failure.Message);
        await run.StopAsync();
    }

    [Fact]
    public async Task Receive_TruncatedInsideACharacter_CutsBeforeIt()
    {
        using var peer = new Peer();
        await using InputRun<string> run =
            Run(peer.Port, new SocketSourceOptions { OversizedRecords = OversizedRecordPolicy.Truncate }, Small with
                { MaxRecordBytes = 10 });
        using Connection connection = await peer.AcceptAsync();
        await connection.SendAsync("123456789é and more\nnext\n");
        await run.TickUntilAsync(2);
        await run.StopAsync();
        Assert.Equal(["123456789", "next"], run.Records);
    }

    [Theory]
    [InlineData(InvalidUtf8Policy.Keep)]
    [InlineData(InvalidUtf8Policy.Drop)]
    public async Task Receive_InvalidUtf8AndNul_FollowsThePolicyAndMovesNoBoundary(InvalidUtf8Policy policy)
    {
        using var peer = new Peer();
        await using InputRun<string> run = Run(peer.Port, new SocketSourceOptions { InvalidUtf8 = policy });
        using Connection connection = await peer.AcceptAsync();
        await connection.SendAsync(
            new byte[] { (byte)'a', (byte)'\n', 0xC3, (byte)'\n', 0, 0, (byte)'\r', (byte)'b', 0xFF, (byte)'\r',
                (byte)'\n', (byte)'c', (byte)'\n' });
        await run.TickUntilAsync(() => run.Records.Contains("c"));
        await run.StopAsync();
        string[] expected = policy == InvalidUtf8Policy.Keep ? ["a", "\uFFFD", "\0\0", "b\uFFFD", "c"] : ["a", "\0\0", "c"];
        Assert.Equal(expected, run.Records);
        Assert.Equal(policy == InvalidUtf8Policy.Keep ? 0 : 2, run.Context.Metrics.InvalidRecords);
    }

    [Fact]
    public async Task Receive_InvalidUtf8AndFail_FailsTheBatch()
    {
        using var peer = new Peer();
        await using InputRun<string> run = Run(peer.Port, new SocketSourceOptions { InvalidUtf8 = InvalidUtf8Policy.Fail });
        using Connection connection = await peer.AcceptAsync();
        await connection.SendAsync(new byte[] { 0xFF, (byte)'\n' });
        await Assert.ThrowsAnyAsync<Exception>(() => run.TickUntilAsync(() => false));
        var failure = await Assert.ThrowsAsync<StreamingException>(() => run.Context.Completion.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains("A line is not UTF-8: FF.", failure.Message);
        await run.StopAsync();
    }

    [Fact]
    public async Task Receive_InvalidUtf8InABatchThatRunsAgain_IsCountedOnce()
    {
        using var peer = new Peer();
        int tries = 0;
        var options = new SocketSourceOptions { InvalidUtf8 = InvalidUtf8Policy.Drop, ConnectTimeout = Timeout.InfiniteTimeSpan };
        await using InputRun<string> run = InputRun<string>.Start(
            context => context.SocketTextStream("127.0.0.1", peer.Port, options)
                .Map(line => Interlocked.Increment(ref tries) < 3 ? throw new IOException("not yet") : line.ToString()),
            Small with { BatchRetries = 5 });
        using Connection connection = await peer.AcceptAsync();
        await connection.SendAsync(new byte[] { 0xFF, (byte)'\n', 0xFF, (byte)'\n', (byte)'a', (byte)'\n', 0xFF, (byte)'\n' });
        await run.TickUntilAsync(1);
        await connection.SendAsync(new byte[] { 0xFF, (byte)'\n', (byte)'b', (byte)'\n' });
        await run.TickUntilAsync(2);
        await run.StopAsync();
        Assert.Equal(["a", "b"], run.Records);
        Assert.Equal(4, run.Context.Metrics.InvalidRecords);
    }

    [Fact]
    public async Task Receive_PoolExhausted_HoldsTheSenderUpAndLosesNothing()
    {
        // Four blocks of 4 KiB, no batch runs: the sender cannot get rid of more than the blocks and the system's buffers hold.
        using var peer = new Peer();
        await using InputRun<string> run = Run(peer.Port, null, Small with { MaxBufferedBytes = 4 * 4096 });
        using Connection connection = await peer.AcceptAsync();
        Task sending = Task.Run(async () =>
        {
            for (int i = 0; i < 200; i++)
            {
                await connection.SendAsync(string.Concat(Enumerable.Range(i * 1000, 1000).Select(number => $"line number {number}\n")));
            }
        });
        await run.TickUntilAsync(200_000);
        await sending;
        await run.StopAsync();
        Assert.Equal(Enumerable.Range(0, 200_000).Select(number => $"line number {number}"), run.Records);
        Assert.All(run.Batches, batch => Assert.InRange(batch.Sum(line => line.Length + 1), 0, 2 * 4 * 4096));
    }

    [Fact]
    public async Task IsBackpressured_WhileNoBlockIsFree()
    {
        await using var context = new StreamingContext(Small);
        var inputs = new[]
        {
            (InputDStream<Utf8Text>)context.SocketTextStream("127.0.0.1", 1),
            context.ListenTextStream(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0)),
        };
        Assert.DoesNotContain(inputs, input => input.IsBackpressured);
        var blocks = new List<Block>();
        while (context.Blocks.TryRent(out Block? block))
        {
            blocks.Add(block);
        }

        Assert.All(inputs, input => Assert.True(input.IsBackpressured));
        blocks.ForEach(block => block.Release());
        Assert.DoesNotContain(inputs, input => input.IsBackpressured);
    }

    [Fact]
    public async Task Receive_RateLimit_FollowsTheClock()
    {
        using var peer = new Peer();
        await using InputRun<string> run = Run(peer.Port, null, Small with { Rate = new RateOptions { MaxRecordsPerSecond = 1000 } });
        using Connection connection = await peer.AcceptAsync();
        Task sending = Task.Run(() => connection.SendAsync(string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{i}\n"))));
        await run.TickUntilAsync(20_000);
        await sending;
        await run.StopAsync();
        Assert.Equal(Enumerable.Range(0, 20_000).Select(i => $"{i}"), run.Records);

        // A block's worth (700 lines and more) passes at once and is paid for afterwards.
        Assert.InRange(run.Batches.Count, 15, int.MaxValue);
    }

    [Fact]
    public async Task Stop_Immediate_GivesEveryBlockBack()
    {
        using var peer = new Peer();
        await using InputRun<string> run = Run(peer.Port);
        using Connection connection = await peer.AcceptAsync();
        await connection.SendAsync("never cut\n");
        await run.StopAsync(StopMode.Immediate);
    }

    [Fact]
    public async Task Stop_BrokenFrameUnderWay_IsReportedAndTheStopSucceeds()
    {
        using var peer = new Peer();
        var decoder = new LengthPrefixedDecoder<string>(Encoding.UTF8.GetString);
        var socket = new SocketSourceOptions { ConnectTimeout = Timeout.InfiniteTimeSpan };
        await using InputRun<string> run = InputRun<string>.Start(
            context => context.SocketStream("127.0.0.1", peer.Port, decoder, socket), Small with
                { Rate = new RateOptions { MaxRecordsPerSecond = 1 } });
        using Connection connection = await peer.AcceptAsync();

        // A thousand records to be paid for: after the one behind them, nothing is read until the stop.
        await connection.SendAsync(new byte[4000]);
        await run.TickUntilAsync(1000);
        await connection.SendAsync(new byte[4]);
        await run.TickUntilAsync(1001);
        await connection.SendAsync(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF });
        await run.StopAsync();
        await run.Context.Completion.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(1001, run.Records.Count());
        Assert.EndsWith("maxRecordBytes is too small for them.", run.Listener.Errors.Single());
    }

    [Fact]
    public void Describe_PortOutOfRange_Throws()
    {
        var context = new StreamingContext(TimeSpan.FromSeconds(1));
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => context.SocketTextStream("localhost", 70_000));
        Assert.Contains("70000", error.Message);
        Assert.Throws<ArgumentOutOfRangeException>(
            () => context.SocketTextStream("localhost", 1, new SocketSourceOptions { KeepAlive = TimeSpan.FromSeconds(1) }));

        // A timer would not take them: each connection would fail.
        Assert.Throws<ArgumentOutOfRangeException>(
            () => context.SocketTextStream("localhost", 1, new SocketSourceOptions { IdleTimeout = TimeSpan.MaxValue }));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => context.SocketTextStream("localhost", 1, new SocketSourceOptions { ConnectTimeout = TimeSpan.MaxValue }));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => context.SocketTextStream("localhost", 1, new SocketSourceOptions { LongestRetryDelay = TimeSpan.MaxValue }));
    }

    [Fact]
    public async Task Receive_LongLinesOverManyBlocks_AreWhole()
    {
        using var peer = new Peer();
        await using InputRun<string> run = Run(peer.Port, null, Small);
        using Connection connection = await peer.AcceptAsync();
        string[] lines = Enumerable.Range(0, 40).Select(i => new string((char)('a' + (i % 26)), i * 997)).ToArray();
        Task sending = Task.Run(() => connection.SendAsync(string.Concat(lines.Select(line => line + "\r\n"))));
        await run.TickUntilAsync(lines.Length);
        await sending;
        await run.StopAsync();
        Assert.Equal(lines, run.Records);
    }
}
