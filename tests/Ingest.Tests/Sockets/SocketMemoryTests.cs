using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FastStream.Tests;

/// <summary>What connections may take of memory, whatever the shape of their records.</summary>
public class SocketMemoryTests
{
    // On a manual clock that tests let run as fast as it goes, a busy machine would have peers seem slow.
    private static readonly ListenSourceOptions Unhurried = new() { RecordTimeout = Timeout.InfiniteTimeSpan };

    private const int OwnBytes = RemainderMemory.SmallestBytes;   // of a connection, beyond the bound

    private static StreamingOptions Options(long maxBufferedBytes) => new() { Partitions = 2, MaxBufferedBytes = maxBufferedBytes };

    private static (InputRun<int> Run, ListenDStream<Utf8Text> Stream) Listen(long maxBufferedBytes)
    {
        ListenDStream<Utf8Text>? stream = null;
        InputRun<int> run = InputRun<int>.Start(
            context => (stream = context.ListenTextStream(new IPEndPoint(IPAddress.Loopback, 0), Unhurried)).Map(line => line.Length),
            Options(maxBufferedBytes));
        return (run, stream!);
    }

    private static async Task<Connection> ConnectAsync(ListenDStream<Utf8Text> stream)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(stream.LocalEndPoint);
        return new Connection(socket);
    }

    private static byte[] Line(int length)
    {
        byte[] line = new byte[length + 1];
        line.AsSpan().Fill((byte)'x');
        line[^1] = (byte)'\n';
        return line;
    }

    // Sends so many bytes of lines of these lengths in turn; gives the number of lines.
    private static async Task<int> SendAsync(Connection connection, int[] lengths, int bytes)
    {
        int count = 0;
        byte[][] lines = [.. lengths.Select(Line)];
        for (int sent = 0; sent < bytes; count++)
        {
            await connection.SendAsync(lines[count % lines.Length]);
            sent += lines[count % lines.Length].Length;
        }

        return count;
    }

    public static TheoryData<bool> Both => [true, false];

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Receive_LinesJustOverPowersOfTwo_StayWithinTheBound(bool listens)
    {
        const long bound = 16 << 20;
        using var peer = new Peer();
        ListenDStream<Utf8Text>? listening = null;
        await using InputRun<int> run = InputRun<int>.Start(
            context =>
            {
                DStream<Utf8Text> lines = listens
                    ? listening = context.ListenTextStream(new IPEndPoint(IPAddress.Loopback, 0), Unhurried)
                    : context.SocketTextStream("127.0.0.1", peer.Port);
                return lines.Map(line => line.Length);
            },
            Options(bound));
        using Connection connection = listens ? await ConnectAsync(listening!) : await peer.AcceptAsync();
        const int k = 1 << 10;
        long most = 0;
        int expected = 0;
        int[][] mixtures =
        [
            [(64 * k) + 1], [(128 * k) + 1], [(256 * k) + 1], [(512 * k) + 1],
            [10, (64 * k) + 1, (512 * k) + 1, 5000, (128 * k) + 1, (300 * k) + 1],
        ];
        foreach (int[] lengths in mixtures)
        {
            // No batch until most of the memory is taken: the sender is held up then.
            Task<int> sending = Task.Run(() => SendAsync(connection, lengths, 24 << 20));
            while (run.Context.Blocks.RentedBytes < bound / 2)
            {
                await Task.Yield();
            }

            await run.TickUntilAsync(() =>
            {
                most = Math.Max(most, run.Context.Blocks.HeldBytes);
                return sending.IsCompleted;
            });
            expected += await sending;
            await run.TickUntilAsync(expected);
        }

        await run.StopAsync();
        Assert.Equal(expected, run.Records.Count());
        Assert.InRange(most, bound / 2, bound + OwnBytes);
        Assert.Equal(0, run.Context.Metrics.DroppedRecords);
    }

    [Fact]
    public async Task Receive_UnfinishedLinesOfManyConnections_StayWithinTheBoundAndAllComeThrough()
    {
        const int connections = 300;
        const int length = 400 << 10;
        const long bound = 16 << 20;
        (InputRun<int> run, ListenDStream<Utf8Text> stream) = Listen(bound);
        await using (run)
        {
            run.Context.Blocks.Carries.Patience = Timeout.InfiniteTimeSpan;
            byte[] line = Line(length);
            var clients = new List<Connection>();
            for (int i = 0; i < connections; i++)
            {
                clients.Add(await ConnectAsync(stream));
            }

            // Seven times the bound, none of it a whole line before the last bytes.
            Task sending = Task.WhenAll(clients.Select(
                client => Task.Run(() => client.Socket.SendAsync(line).WaitAsync(TimeSpan.FromMinutes(2)))));
            long most = 0;
            await run.TickUntilAsync(() =>
            {
                most = Math.Max(most, run.Context.Blocks.HeldBytes);
                return run.Records.Count() == connections;
            });
            await sending;
            clients.ForEach(client => client.Dispose());
            await run.StopAsync();
            Assert.All(run.Records, record => Assert.Equal(length, record));
            Assert.InRange(most, bound / 4, bound + (connections * OwnBytes));
            Assert.Equal(0, run.Context.Metrics.DroppedRecords);
            Assert.Empty(run.Listener.Errors);
        }
    }

    [Fact]
    public async Task Receive_UnfinishedLinesThatNeverEnd_LeaveRoomForOthersAndGoWithAnEvent()
    {
        const int connections = 60;
        const long bound = 12 << 20;
        (InputRun<int> run, ListenDStream<Utf8Text> stream) = Listen(bound);
        await using (run)
        {
            byte[] unfinished = Line(700 << 10)[..^1];
            var clients = new List<Connection>();
            for (int i = 0; i < connections; i++)
            {
                clients.Add(await ConnectAsync(stream));
            }

            using var enough = new CancellationTokenSource();
            Task[] sending = [.. clients.Select(client => Task.Run(async () =>
            {
                try
                {
                    await client.Socket.SendAsync(unfinished, enough.Token);
                }
                catch (Exception error) when (error is SocketException or OperationCanceledException)
                {
                    // Closed, or held up until the end.
                }
            }))];
            while (run.Context.Blocks.RentedBytes < bound / 3)
            {
                await Task.Yield();
            }

            // Short lines come through, whatever the long ones do.
            using Connection other = await ConnectAsync(stream);
            for (int i = 0; i < 5; i++)
            {
                await other.SendAsync("short\n");
                await run.TickUntilAsync(i + 1);
            }

            await run.TickUntilAsync(() => run.Listener.Errors.Any());

            // From here on nobody is refused: on this clock a busy machine would have any peer seem slow.
            run.Context.Blocks.Carries.Patience = Timeout.InfiniteTimeSpan;
            for (int i = 0; i < 11; i++)
            {
                await run.TickAsync();
            }

            await enough.CancelAsync();
            await Task.WhenAll(sending);
            clients.ForEach(client => client.Dispose());
            const int length = 690 << 10;
            Task sendingOne = other.SendAsync(Line(length));
            long most = 0;
            await run.TickUntilAsync(() =>
            {
                most = Math.Max(most, run.Context.Blocks.HeldBytes);
                return run.Records.Contains(length);
            });
            await sendingOne;
            await run.StopAsync(StopMode.Immediate);
            Assert.InRange(most, 1, bound + ((connections + 1) * OwnBytes));
            Assert.Contains("Unfinished records took all the memory", run.Listener.Errors.First());
            Assert.InRange(run.Context.Metrics.DroppedRecords, 1, connections);
        }
    }

    [Fact]
    public async Task Stop_Graceful_WhileUnfinishedLinesWaitForMemory_CountsThemAndEnds()
    {
        const int connections = 60;
        const long bound = 12 << 20;
        (InputRun<int> run, ListenDStream<Utf8Text> stream) = Listen(bound);
        await using (run)
        {
            run.Context.Blocks.Carries.Patience = Timeout.InfiniteTimeSpan;
            byte[] unfinished = Line(700 << 10)[..^1];
            var clients = new List<Connection>();
            for (int i = 0; i < connections; i++)
            {
                clients.Add(await ConnectAsync(stream));
            }

            using var enough = new CancellationTokenSource();
            Task[] sending = [.. clients.Select(client => Task.Run(async () =>
            {
                try
                {
                    await client.Socket.SendAsync(unfinished, enough.Token);
                }
                catch (Exception error) when (error is SocketException or OperationCanceledException)
                {
                    // Closed, or held up until the end.
                }
            }))];
            while (run.Context.Blocks.RentedBytes < bound / 3 || stream.ConnectionCount < connections)
            {
                await Task.Yield();
            }

            await run.StopAsync();
            await enough.CancelAsync();
            await Task.WhenAll(sending);
            clients.ForEach(client => client.Dispose());
            Assert.Empty(run.Records);
            Assert.InRange(run.Context.Metrics.DroppedRecords, 1, connections);
            Assert.Equal(0, run.Context.Blocks.RentedBytes);
        }
    }

    [Fact]
    public async Task Receive_QuietAfterMuch_GivesMemoryBack()
    {
        (InputRun<int> run, ListenDStream<Utf8Text> stream) = Listen(64 << 20);
        await using (run)
        {
            using Connection client = await ConnectAsync(stream);
            Task<int> sending = Task.Run(() => SendAsync(client, [(300 << 10) + 1, 100], 32 << 20));
            while (run.Context.Blocks.RentedBytes < 16 << 20)
            {
                await Task.Yield();
            }

            await run.TickUntilAsync(() => sending.IsCompleted);
            await run.TickUntilAsync(await sending);

            // What is filled now stays: a block for copies and the connection's own.
            await run.TickUntilAsync(() => run.Context.Blocks.HeldBytes <= (256 << 10));
            await client.SendAsync("on\n");
            await run.TickUntilAsync(() => run.Records.Contains(2));
            await run.StopAsync();
        }
    }
}
