using System.Net;
using System.Net.Sockets;

namespace FastStream.Tests;

public class ListenLimitTests
{
    private static (InputRun<string> Run, ListenDStream<Utf8Text> Stream) Run(
        ListenSourceOptions? listen = null, Func<Socket, CancellationToken, ValueTask<Socket>>? accept = null)
    {
        ListenDStream<Utf8Text>? stream = null;
        InputRun<string> run = InputRun<string>.Start(context =>
        {
            stream = context.ListenTextStream(new IPEndPoint(IPAddress.Loopback, 0), listen);
            stream.Acceptor.AcceptOne = accept ?? stream.Acceptor.AcceptOne;
            return stream.Map(line => line.ToString());
        });
        return (run, stream!);
    }

    private static async Task<Connection> ConnectAsync(ListenDStream<Utf8Text> stream, string from = "127.0.0.1")
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        await socket.ConnectAsync(stream.LocalEndPoint);
        return new Connection(socket);
    }

    // Done when the other side has ended the connection, however it did.
    private static async Task ClosedAsync(Connection connection)
    {
        try
        {
            Assert.Equal(0, await connection.Socket.ReceiveAsync(new byte[1]));
        }
        catch (SocketException)
        {
            // With a reset.
        }
    }

    [Fact]
    public async Task Receive_RecordThatIsNotFinishedInTime_IsLeftOutWithAnEvent()
    {
        (InputRun<string> run, ListenDStream<Utf8Text> stream) = Run(new ListenSourceOptions { RecordTimeout = TimeSpan.FromSeconds(20) });
        await using (run)
        {
            using Connection client = await ConnectAsync(stream);
            Task closing = ClosedAsync(client);
            await run.TickUntilAsync(() =>
            {
                try
                {
                    // A byte now and then keeps no connection open.
                    client.Socket.Send("x"u8);
                }
                catch (SocketException)
                {
                    // Closed meanwhile.
                }

                return closing.IsCompleted;
            });
            await run.Listener.NextErrorAsync();
            await run.StopAsync();
            Assert.Contains("was not finished after 00:00:20", run.Listener.Errors.Single());
            Assert.Empty(run.Records);
            Assert.Equal(1, run.Context.Metrics.DroppedRecords);
        }
    }

    [Fact]
    public async Task Receive_SilenceBetweenRecords_ClosesNothing()
    {
        (InputRun<string> run, ListenDStream<Utf8Text> stream) = Run(new ListenSourceOptions { RecordTimeout = TimeSpan.FromSeconds(20) });
        await using (run)
        {
            using Connection client = await ConnectAsync(stream);
            await client.SendAsync("first\n");
            await run.TickUntilAsync(1);
            for (int i = 0; i < 60; i++)
            {
                await run.TickAsync();
            }

            await client.SendAsync("second\n");
            await run.TickUntilAsync(2);
            await run.StopAsync();
            Assert.Empty(run.Listener.Errors);
        }
    }

    [Fact]
    public async Task Accept_TooManyFromOneAddress_ClosesFurtherOnesAndTellsOnce()
    {
        (InputRun<string> run, ListenDStream<Utf8Text> stream) = Run(new ListenSourceOptions { MaxConnectionsPerAddress = 2 });
        await using (run)
        {
            using Connection first = await ConnectAsync(stream);
            using Connection second = await ConnectAsync(stream);
            using Connection third = await ConnectAsync(stream);
            await ClosedAsync(third).WaitAsync(TimeSpan.FromSeconds(60));
            using Connection fourth = await ConnectAsync(stream);
            await ClosedAsync(fourth).WaitAsync(TimeSpan.FromSeconds(60));
            using Connection other = await ConnectAsync(stream, "127.0.0.2");
            await other.SendAsync("other\n");
            await second.SendAsync("second\n");
            await run.TickUntilAsync(2);
            Assert.Equal(2, stream.RefusedConnections);

            // Places of an address are free again when its connections end.
            first.End();
            await run.TickUntilAsync(() => stream.ConnectionCount == 2);
            using Connection fifth = await ConnectAsync(stream);
            await fifth.SendAsync("fifth\n");
            await run.TickUntilAsync(3);
            await run.StopAsync();
            Assert.Equal(["fifth", "other", "second"], run.Records.Order());
            Assert.Contains("2 connections from 127.0.0.1 are open", run.Listener.Errors.Single());
        }
    }

    [Fact]
    public async Task Accept_MaxConnectionsReached_TellsOnce()
    {
        (InputRun<string> run, ListenDStream<Utf8Text> stream) = Run(new ListenSourceOptions { MaxConnections = 16 });
        await using (run)
        {
            var clients = new List<Connection>();
            for (int i = 0; i < 16; i++)
            {
                clients.Add(await ConnectAsync(stream));
            }

            await run.Listener.NextErrorAsync();

            // One ends and another comes: that is still the same limit.
            clients[0].End();
            using Connection next = await ConnectAsync(stream);
            await next.SendAsync("next\n");
            await run.TickUntilAsync(1);
            await run.StopAsync();
            clients.ForEach(client => client.Dispose());
            string message = Assert.Single(run.Listener.Errors);
            Assert.Contains("16 connections are open, as many as there may be", message);
            Assert.Contains("127.0.0.1: 16", message);
        }
    }

    [Fact]
    public async Task Accept_FailuresOfAnyKind_AreToldOncePerKindAndTriedAgain()
    {
        var failures = new Queue<Exception>(
        [
            .. Enumerable.Range(0, 3).Select(_ => new SocketException((int)SocketError.TooManyOpenSockets)),
            .. Enumerable.Range(0, 2).Select(_ => new FileLoadException("a library could not be loaded")),
            new ObjectDisposedException("listener"),
        ]);
        (InputRun<string> run, ListenDStream<Utf8Text> stream) = Run(
            accept: (listener, stop) =>
                failures.TryDequeue(out Exception? failure) ? ValueTask.FromException<Socket>(failure) : listener.AcceptAsync(stop));
        await using (run)
        {
            using Connection client = await ConnectUntilItWorksAsync();
            await run.TickUntilAsync(1);
            Assert.Equal(StreamingContextState.Active, run.Context.State);
            await run.StopAsync();
            Assert.Equal(["here"], run.Records);
            string[] errors = [.. run.Listener.Errors];
            Assert.Equal(3, errors.Length);
            Assert.Contains("a library could not be loaded", errors[1]);
        }

        // Sockets in the backlog of a listener that was replaced are reset.
        async Task<Connection> ConnectUntilItWorksAsync()
        {
            await run.TickUntilAsync(() => failures.Count == 0);
            while (true)
            {
                try
                {
                    Connection client = await ConnectAsync(stream);
                    await client.SendAsync("here\n");
                    return client;
                }
                catch (SocketException)
                {
                    await run.TickAsync();
                }
            }
        }
    }

    [Fact]
    public async Task Accept_ListenerIsGone_ListensAgain()
    {
        int accepts = 0;
        (InputRun<string> run, ListenDStream<Utf8Text> stream) = Run(accept: (listener, stop) =>
        {
            if (Interlocked.Increment(ref accepts) == 1)
            {
                listener.Dispose();
            }

            return listener.AcceptAsync(stop);
        });
        await using (run)
        {
            await run.TickUntilAsync(() => Volatile.Read(ref accepts) >= 2);
            using Connection client = await ConnectAsync(stream);
            await client.SendAsync("again\n");
            await run.TickUntilAsync(1);
            await run.StopAsync();
            Assert.Equal(["again"], run.Records);
        }
    }

    [Fact]
    public void Options_OutOfRange_AreRefused()
    {
        var context = new StreamingContext(TimeSpan.FromSeconds(1));
        foreach (ListenSourceOptions options in new ListenSourceOptions[]
        {
            new() { MaxConnectionsPerAddress = 0 },
            new() { MaxConnectionsPerAddress = 1_000_001 },
            new() { RecordTimeout = TimeSpan.Zero },
            new() { RecordTimeout = TimeSpan.FromDays(25) },
        })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => context.ListenTextStream(new IPEndPoint(IPAddress.Loopback, 0), options));
        }
    }
}
