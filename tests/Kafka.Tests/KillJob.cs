using System.Diagnostics;
using System.Globalization;

namespace FastStream.Tests.Kafka;

/// <summary>
/// The program that the tests kill: a direct stream, counted by key for ever, and both the records and the counts put
/// out exactly once.
/// </summary>
internal static class KillJob
{
    /// <summary>The last argument of a run that is to be stopped (SIGSTOP) and not killed at the place; it says this word before.</summary>
    public const string Pause = "pause";

    /// <summary>The environment's variable for how long a transaction may be open.</summary>
    public const string TransactionSeconds = "TRANSACTION_SECONDS";

    /// <summary>Runs until it is killed, or has counted so many records and stops well.</summary>
    /// <param name="args">Brokers, the input's topic, that of the copies and that of the counts, the state's directory,
    /// how many records; and where it is to be killed, the place, at which pass of it, and whether it is only to be
    /// stopped.</param>
    public static async Task<int> Main(string[] args)
    {
        if (args.Length >= 8)
        {
            KillAt(args[6], int.Parse(args[7], CultureInfo.InvariantCulture), isPause: args.Length == 9);
        }

        long wanted = long.Parse(args[5], CultureInfo.InvariantCulture);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var options = new StreamingOptions { Name = args[1], BatchInterval = TimeSpan.FromMilliseconds(30), Partitions = 2 };
        options = options with { Checkpoint = new CheckpointOptions { Directory = args[4], Interval = TimeSpan.FromMilliseconds(100) } };
        await using var context = new StreamingContext(options);
        DStream<KafkaRecord<Utf8Text, Utf8Text>> records = context.KafkaStream(
            new KafkaSourceOptions
                { BootstrapServers = args[0], Topics = [args[1]], StartFrom = KafkaStart.Earliest,
                    DiscoveryInterval = TimeSpan.FromMilliseconds(200) });
        TimeSpan timeout =
            TimeSpan.FromSeconds(int.Parse(Environment.GetEnvironmentVariable(TransactionSeconds) ?? "60", CultureInfo.InvariantCulture));
        records.ToKafka(
            new KafkaSinkOptions
                { BootstrapServers = args[0], Topic = args[2], Delivery = KafkaDelivery.ExactlyOnce, TransactionTimeout = timeout },
            record => new KafkaMessage(record.Key, record.Value) { Partition = record.Partition });
        DStream<(Utf8Text Key, long Value)> counts = records.Map(record => (Key: record.Key, Value: 1L)).ReduceByKey((a, b) => a + b)
            .UpdateStateByKey((ReadOnlySpan<long> values, Optional<long> state) => state.GetValueOrDefault()
                + (values.IsEmpty ? 0 : values[0]));
        counts.ToKafka(
            new KafkaSinkOptions
                { BootstrapServers = args[0], Topic = args[3], Delivery = KafkaDelivery.ExactlyOnce, TransactionTimeout = timeout },
            count => new KafkaMessage(count.Key, count.Value.ToString(CultureInfo.InvariantCulture)));
        counts.ForEachBatch((batch, _) =>
        {
            if (batch.Sum(count => count.Value) >= wanted)
            {
                done.TrySetResult();
            }
        });
        context.Start();
        await Task.WhenAny(done.Task, context.Completion);
        await context.StopAsync();
        await context.Completion;
        return 0;
    }

    private static void KillAt(string place, int pass, bool isPause)
    {
        int passes = 0;
        Action<string> reached = passed =>
        {
            if (passed == place && Interlocked.Increment(ref passes) == pass)
            {
                if (isPause)
                {
                    Console.WriteLine(Pause);
                    Process.Start("kill", ["-STOP", $"{Environment.ProcessId}"]).WaitForExit();
                    return;
                }

                Process.GetCurrentProcess().Kill();
                new ManualResetEventSlim().Wait();   // nothing happens here between the signal and the end
            }
        };
        FailPoint.Passing = reached;
        KafkaFailPoint.Reached = reached;
    }
}
