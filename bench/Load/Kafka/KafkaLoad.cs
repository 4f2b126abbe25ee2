using System.Diagnostics;
using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace FastStream.Bench.Load;

/// <summary>
/// Records of a topic counted by key and the counts written to another topic exactly once, beside a bare consumer that
/// counts into a dictionary.
/// </summary>
internal static class KafkaLoad
{
    private const int Keys = 1000;
    private const int Partitions = 4;

    /// <summary>Runs all, and says what was found.</summary>
    /// <param name="output">Takes the table.</param>
    /// <param name="servers">A broker that has room for the records.</param>
    /// <param name="records">Records of 100 bytes to write and read.</param>
    public static async Task RunAsync(TextWriter output, string servers, int records)
    {
        string input = await MakeAsync(servers, "in");
        long start = Stopwatch.GetTimestamp();
        Fill(servers, input, records);
        output.WriteLine(
            $"{records} records of 100 bytes, {Keys} keys, {Partitions} partitions; written in "
            + $"{Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s");
        output.WriteLine($"{"",-34} {"records/s",12} {"bytes/record",13}");
        await WriteAsync(output, "bare consumer and dictionary", records, () => Task.Run(() => Bare(servers, input, records)));
        foreach (int milliseconds in new[] { 10, 100, 1000 })
        {
            string counts = await MakeAsync(servers, "out");
            await WriteAsync(output, $"exactly once, every {milliseconds} ms", records,
                () => EngineAsync(servers, input, counts, records, TimeSpan.FromMilliseconds(milliseconds)));
        }
    }

    private static async Task WriteAsync(TextWriter output, string name, int records, Func<Task> run)
    {
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        long start = Stopwatch.GetTimestamp();
        await run();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        long bytes = (GC.GetTotalAllocatedBytes(precise: true) - allocated) / records;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-34} {records / seconds,12:N0} {bytes,13:N0}"));
    }

    private static async Task<string> MakeAsync(string servers, string kind)
    {
        string name = $"load-{kind}-{Guid.NewGuid():N}";
        using IAdminClient admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = servers }).Build();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = name, NumPartitions = Partitions, ReplicationFactor = 1 }]);
        return name;
    }

    private static void Fill(string servers, string topic, int records)
    {
        using IProducer<byte[], byte[]> producer =
            new ProducerBuilder<byte[], byte[]>(new ProducerConfig
                { BootstrapServers = servers, LingerMs = 20, BatchSize = 500_000 }).Build();
        byte[][] keys = [.. Enumerable.Range(0, Keys).Select(i => System.Text.Encoding.ASCII.GetBytes($"key-{i:D5}"))];
        byte[] value = new byte[100];
        for (int i = 0; i < records; i++)
        {
            while (true)
            {
                try
                {
                    producer.Produce(topic, new Message<byte[], byte[]> { Key = keys[i % Keys], Value = value });
                    break;
                }
                catch (ProduceException<byte[], byte[]> error) when (error.Error.Code == ErrorCode.Local_QueueFull)
                {
                    producer.Poll(TimeSpan.FromMilliseconds(10));
                }
            }
        }

        producer.Flush(TimeSpan.FromMinutes(5));
    }

    private static void Bare(string servers, string topic, int records)
    {
        var counts = new Dictionary<string, long>();
        using IConsumer<string, byte[]> consumer =
            new ConsumerBuilder<string, byte[]>(new ConsumerConfig
                { BootstrapServers = servers, GroupId = "bare", EnableAutoCommit = false }).Build();
        consumer.Assign(Enumerable.Range(0, Partitions).Select(partition => new TopicPartitionOffset(topic, partition, Offset.Beginning)));
        for (int i = 0; i < records; i++)
        {
            string key = consumer.Consume().Message.Key;
            counts[key] = counts.GetValueOrDefault(key) + 1;
        }
    }

    private static async Task EngineAsync(string servers, string input, string output, int records, TimeSpan interval)
    {
        string state = Directory.CreateTempSubdirectory("faststream-load-").FullName;
        long seen = 0;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var options = new StreamingOptions
            { Name = output, BatchInterval = interval, Partitions = 2, Checkpoint = new CheckpointOptions { Directory = state } };
        await using (var context = new StreamingContext(options))
        {
            DStream<(Utf8Text Key, long Value)> counts = context
                .KafkaStream(new KafkaSourceOptions { BootstrapServers = servers, Topics = [input], StartFrom = KafkaStart.Earliest })
                .Map(record => record.Key)
                .CountByValue();
            counts.ToKafka(
                new KafkaSinkOptions { BootstrapServers = servers, Topic = output, Delivery = KafkaDelivery.ExactlyOnce },
                each => new KafkaMessage(each.Key, each.Value.ToString(CultureInfo.InvariantCulture)));
            counts.ForEachBatch((batch, _) =>
            {
                seen += batch.Sum(each => each.Value);
                if (seen >= records)
                {
                    done.TrySetResult();
                }
            });
            context.Start();
            await await Task.WhenAny(done.Task, context.Completion);
            await context.StopAsync();
        }

        Directory.Delete(state, recursive: true);
        if (seen != records)
        {
            throw new InvalidOperationException($"{seen} records were counted, and {records} written.");
        }
    }
}
