using System.Net;
using System.Net.Sockets;

namespace FastStream.Tests;

public class ListenStreamTests
{
    private static (InputRun<string> Run, ListenDStream<Utf8Text> Stream) Run(ListenSourceOptions? listen = null,
        StreamingOptions? options = null)
    {
        ListenDStream<Utf8Text>? stream = null;
        InputRun<string> run = InputRun<string>.Start(
            context => (stream = context.ListenTextStream(new IPEndPoint(IPAddress.Loopback, 0), listen)).Map(line => line.ToString()),
            options);
        return (run, stream!);
    }

    private static async Task<Connection> ConnectAsync(IPEndPoint endPoint)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(endPoint);
        return new Connection(socket);
    }

    [Fact]
    public async Task Receive_ManyConnections_KeepEachOnesOrderAndLoseNothing()
    {
        const int connections = 50;
        const int lines = 500;
        (InputRun<string> run, ListenDStream<Utf8Text> stream) =
            Run(null, new StreamingOptions { Partitions = 2, BlockSizeBytes = 4096, MaxBufferedBytes = 6 * 4096 });
        await using (run)
        {
            Task sending = Task.WhenAll(Enumerable.Range(0, connections).Select(async connection =>
            {
                using Connection client = await ConnectAsync(stream.LocalEndPoint);
                for (int i = 0; i < lines; i++)
                {
                    await client.SendAsync(i % 2 == 0 ? $"{connection}:{i}\r\n" : $"{connection}:{i}\r");
                }

                await client.SendAsync($"{connection}:{lines}");
                client.End();
            }));
            await run.TickUntilAsync(connections * (lines + 1));
            await sending;
            await run.StopAsync();
            foreach (IGrouping<string, string> group in run.Records.GroupBy(line => line.Split(':')[0]))
            {
                Assert.Equal(Enumerable.Range(0, lines + 1).Select(i => $"{group.Key}:{i}"), group);
            }
        }
    }

    [Fact]
    public async Task Accept_MaxConnections_FurtherOnesWait()
    {
        (InputRun<string> run, ListenDStream<Utf8Text> stream) = Run(new ListenSourceOptions { MaxConnections = 1 });
        await using (run)
        {
            using Connection first = await ConnectAsync(stream.LocalEndPoint);
            using Connection second = await ConnectAsync(stream.LocalEndPoint);
            await second.SendAsync("second\n");
            await first.SendAsync("first\n");
            await run.TickUntilAsync(1);
            Assert.Equal(1, stream.ConnectionCount);
            Assert.Equal(["first"], run.Records);
            first.End();
            await run.TickUntilAsync(2);
            await run.StopAsync();
            Assert.Equal(["first", "second"], run.Records);
        }
    }

    [Fact]
    public async Task Receive_SilentConnections_HoldNoBlock()
    {
        (InputRun<string> run, ListenDStream<Utf8Text> stream) = Run(new ListenSourceOptions { RecordTimeout = Timeout.InfiniteTimeSpan });
        await using (run)
        {
            var clients = new List<Connection>();
            for (int i = 0; i < 100; i++)
            {
                clients.Add(await ConnectAsync(stream.LocalEndPoint));
                await clients[i].SendAsync("unfinished");
            }

            await clients[0].SendAsync(" no more\n");
            await run.TickUntilAsync(1);
            Assert.InRange(run.Context.Blocks.RentedBlocks, 0, 1);
            clients.ForEach(client => client.End());
            await run.TickUntilAsync(100);
            await run.StopAsync();
            Assert.Equal(99, run.Records.Count(line => line == "unfinished"));
        }
    }

    [Fact]
    public async Task Receive_IdleConnection_IsClosed()
    {
        (InputRun<string> run, ListenDStream<Utf8Text> stream) = Run(new ListenSourceOptions { IdleTimeout = TimeSpan.FromSeconds(3) });
        await using (run)
        {
            using Connection client = await ConnectAsync(stream.LocalEndPoint);
            Task<int> closing = client.Socket.ReceiveAsync(new byte[1]);
            await run.TickUntilAsync(() => closing.IsCompleted);
            Assert.Equal(0, await closing);
            await run.Listener.NextErrorAsync();
            await run.StopAsync();
        }
    }

    [Fact]
    public async Task Receive_BytesThatAreNoRecords_CloseOnlyThatConnection()
    {
        ListenDStream<string>? stream = null;
        await using InputRun<string> run = InputRun<string>.Start(
            context => stream =
                context.ListenStream(new IPEndPoint(IPAddress.Loopback, 0),
                    new LengthPrefixedDecoder<string>(System.Text.Encoding.UTF8.GetString)));
        using Connection good = await ConnectAsync(stream!.LocalEndPoint);
        using Connection bad = await ConnectAsync(stream.LocalEndPoint);
        await bad.SendAsync(new byte[] { 0x80, 0, 0, 0 });
        await run.Listener.NextErrorAsync();
        await good.SendAsync(new byte[] { 0, 0, 0, 2, (byte)'o', (byte)'k' });
        await run.TickUntilAsync(1);
        await run.StopAsync();
        Assert.Equal(["ok"], run.Records);
        Assert.Contains("A length prefix says -2147483648 bytes", run.Listener.Errors.Single());
    }

    [Fact]
    public async Task Start_PortTaken_ThrowsAndStopsTheInputsBefore()
    {
        using var taken = new Peer();
        var receiver = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var context = new StreamingContext(TimeSpan.FromSeconds(1));
        context.AsyncEnumerableStream(UntilCancelled()).Print();
        context.ListenTextStream(new IPEndPoint(IPAddress.Loopback, taken.Port)).Print();
        Assert.Throws<SocketException>(context.Start);
        await receiver.Task.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(StreamingContextState.Stopped, context.State);

        async IAsyncEnumerable<int> UntilCancelled(
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation = default)
        {
            try
            {
                await new TaskCompletionSource().Task.WaitAsync(cancellation);
                yield return 1;
            }
            finally
            {
                receiver.SetResult();
            }
        }
    }

    [Fact]
    public void LocalEndPoint_BeforeStart_Throws()
    {
        var context = new StreamingContext(TimeSpan.FromSeconds(1));
        ListenDStream<Utf8Text> stream = context.ListenTextStream(new IPEndPoint(IPAddress.Loopback, 0));
        Assert.Throws<InvalidOperationException>(() => stream.LocalEndPoint);
    }
}
