using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FastStream.Tests.Recovery;

/// <summary>
/// A program that receives numbers from producers which note what was acknowledged, and lines from a connection, and that
/// the tests kill.
/// </summary>
/// <remarks>
/// Files of run r: <c>acknowledged-r</c> has each number that its producer may forget. The numbers of a run begin at r times
/// a million, those of a producer are apart by the number of producers.
/// Lines are <c>r i</c>, i from 0 on: what was received of a run are the first ones.
/// </remarks>
internal static class ReceiverJob
{
    public const string Name = "receiver";
    public const int NumbersOfARun = 1_000_000;
    private const int Producers = 4;

    /// <param name="args">The folder, whether there is a journal, and then as the other job's.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        string folder = args[0];
        int run = Directory.GetFiles(folder, "acknowledged-*").Length;
        await using var acknowledged = new FileStream(Path.Combine(folder, $"acknowledged-{run}"), FileMode.CreateNew,
            FileAccess.Write, FileShare.Read, bufferSize: 0);
        var options = new StreamingOptions { BatchInterval = Job.Interval, Partitions = 2 };
        options = options with
        {
            Checkpoint = new CheckpointOptions
            {
                Directory = Path.Combine(folder, "state"),
                Interval = 3 * Job.Interval,
                ReceiverJournal = bool.Parse(args[1]) ? new ReceiverJournalOptions { MaxFileBytes = 4096 } : null,
            },
        };
        await using var context = new StreamingContext(options);
        DStream<long> numbers = context.ChannelStream(out AcknowledgedWriter<long> writer);
        numbers.SaveAsTextFiles(Path.Combine(folder, "out", "numbers"));
        numbers.Map(number => (Key: 0, Value: number))
            .UpdateStateByKey((ReadOnlySpan<long> values, Optional<long> state) => state.GetValueOrDefault() + Sum(values))
            .SaveAsTextFiles(Path.Combine(folder, "out", "sum"));
        ListenDStream<Utf8Text> lines = context.ListenTextStream(new IPEndPoint(IPAddress.Loopback, 0));
        lines.Map(line => line.ToString()).SaveAsTextFiles(Path.Combine(folder, "out", "lines"));
        Countdown done = Job.Prepare(context, args[2..]);
        context.Start();
        Task[] producers = [.. Enumerable.Range(0, Producers).Select(producer => Task.Run(() =>
            ProduceAsync(writer, (run * NumbersOfARun) + producer, acknowledged)))];
        Task sender = Task.Run(() => SendAsync(lines.LocalEndPoint, run));
        await Task.WhenAny(done.Reached, context.Completion);
        await context.StopAsync();
        await context.Completion;
        await Task.WhenAll(producers);
        await sender;
        return 0;
    }

    private static async Task ProduceAsync(AcknowledgedWriter<long> writer, long first, FileStream acknowledged)
    {
        for (long number = first; ; number += Producers)
        {
            try
            {
                await writer.WriteAsync(number);
            }
            catch (StreamingException)
            {
                return;   // the program stops
            }

            byte[] line = Encoding.UTF8.GetBytes($"{number}\n");
            lock (acknowledged)
            {
                acknowledged.Write(line);
            }
        }
    }

    private static async Task SendAsync(IPEndPoint to, int run)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(to);
            for (int i = 0; ; i++)
            {
                await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes($"{run} {i}\n"));
                await Task.Yield();
            }
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            // The program stops.
        }
    }

    private static long Sum(ReadOnlySpan<long> values)
    {
        long sum = 0;
        foreach (long value in values)
        {
            sum += value;
        }

        return sum;
    }
}
