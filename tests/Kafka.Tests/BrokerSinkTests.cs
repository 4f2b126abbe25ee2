using FastStream.Tests.Recovery;
using Confluent.Kafka;

namespace FastStream.Tests.Kafka;

/// <summary>Outputs against a real broker.</summary>
[Collection(BrokerTests.Name)]
public sealed class BrokerSinkTests(Broker broker)
{
    // What Java's client does with these keys and three partitions: the low 31 bits of murmur2, modulo 3.
    [BrokerFact]
    public async Task ToKafka_Keys_GoWhereJavaPutsThem()
    {
        Topic topic = await Topic.MakeAsync(broker.Servers);
        string[] keys = [.. Enumerable.Range(0, 50).Select(i => $"key-{i}"), "", "a", "ab", "abc", "abcd", "Ärger"];
        await WriteAsync(topic, keys, key => new KafkaMessage(key, "v"));
        Assert.All(topic.ReadAll(),
            record => Assert.Equal((int)(Murmur2(System.Text.Encoding.UTF8.GetBytes(record.Message.Key!)) & 0x7fffffff) % 3,
                record.Partition.Value));
    }

    [BrokerFact]
    public async Task ToKafka_HeadersTimestampsAndTombstones_AreWritten()
    {
        Topic topic = await Topic.MakeAsync(broker.Servers, partitions: 2);
        DateTimeOffset time = DateTimeOffset.FromUnixTimeMilliseconds(1_600_000_000_123);
        await WriteAsync(topic, ["a"], key => new KafkaMessage(key, KafkaData.Null)
        {
            Partition = 1, Timestamp = time, Headers = [new("trace", "x"), new("none", KafkaData.Null)],
        });
        ConsumeResult<string?, string?> record = Assert.Single(topic.ReadAll());
        Assert.Null(record.Message.Value);
        Assert.Equal(1, record.Partition.Value);
        Assert.Equal(time, new DateTimeOffset(record.Message.Timestamp.UtcDateTime));
        Assert.Equal(["trace", "none"], record.Message.Headers.Select(header => header.Key));
        Assert.Null(record.Message.Headers[1].GetValueBytes());
    }

    [BrokerTheory]
    [InlineData(KafkaDelivery.AtLeastOnce)]
    [InlineData(KafkaDelivery.ExactlyOnce)]
    public async Task ToKafka_RecordTooLargeAndLeftOut_WritesTheOthers(KafkaDelivery delivery)
    {
        Topic topic = await Topic.MakeAsync(broker.Servers, 1, ("max.message.bytes", "2000"));
        string[] values = ["one", new('x', 5000), "two", new('y', 2_000_000), "three"];
        using var state = new StateDirectory();
        KafkaSinkOptions options = Options(topic) with
            { Delivery = delivery, RefusedRecords = KafkaRefusedPolicy.LeaveOut, Config = OneByOne };
        await using StreamRun run = Writing(values, options, value => new KafkaMessage(value), state.Path);
        run.Context.Start();
        await run.WhenAsync(5);
        await run.StopAsync();
        await run.Warnings.WhenSaidAsync("2 records of batch");
        Assert.Equal(["one", "two", "three"], topic.ReadAll().Select(record => record.Message.Value));
    }

    [BrokerTheory]
    [InlineData(KafkaDelivery.AtLeastOnce)]
    [InlineData(KafkaDelivery.ExactlyOnce)]
    public async Task ToKafka_RecordTooLarge_FailsTheBatch(KafkaDelivery delivery)
    {
        Topic topic = await Topic.MakeAsync(broker.Servers, 1, ("max.message.bytes", "2000"));
        using var state = new StateDirectory();
        await using StreamRun run =
            Writing(["one", new('x', 5000)], Options(topic) with { Delivery = delivery, Config = OneByOne },
                value => new KafkaMessage(value), state.Path);
        run.Context.Start();
        StreamingException error =
            await Assert.ThrowsAsync<StreamingException>(() => run.Context.Completion.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains("set RefusedRecords to LeaveOut", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(topic.ReadAll(), record => record.Message.Value!.Length == 5000);
    }

    [BrokerFact]
    public async Task ToKafka_TopicAskedFor_IsMadeAndThenVerified()
    {
        var topic = new Topic(broker.Servers, $"made-{Guid.NewGuid():N}");
        KafkaSinkOptions options = Options(topic) with
            { CreateTopic = new KafkaTopicSpec
                { Partitions = 5, Config = new Dictionary<string, string> { ["cleanup.policy"] = "compact" } } };
        for (int i = 0; i < 2; i++)
        {
            await using StreamRun run = Writing(["a"], options, value => new KafkaMessage(value, value));
            run.Context.Start();
            await run.WhenAsync(1);
            await run.StopAsync();
        }

        Assert.Equal(2, topic.ReadAll().Count);
        await AssertRefusedAsync(options with { CreateTopic = new KafkaTopicSpec { Partitions = 4 } },
            "has 5 partitions, and CreateTopic asks for 4");
        await AssertRefusedAsync(
            options with { CreateTopic = new KafkaTopicSpec
                { Partitions = 5, Config = new Dictionary<string, string> { ["cleanup.policy"] = "delete" } } },
            "has cleanup.policy=compact, and CreateTopic asks for delete");
    }

    [BrokerFact]
    public Task ToKafka_TopicNotThere_StopsWithItsName() =>
        AssertRefusedAsync(Options(new Topic(broker.Servers, "never-made-either")),
            "Topic never-made-either is not there. Create it, or set CreateTopic");

    [BrokerFact]
    public async Task ToKafka_SecondProgramOfTheName_FencesTheFirst()
    {
        Topic topic = await Topic.MakeAsync(broker.Servers);
        using var firstState = new StateDirectory();
        using var secondState = new StateDirectory();
        KafkaSinkOptions options = Options(topic) with { Delivery = KafkaDelivery.ExactlyOnce };
        var input = new List<Action<string>>();
        await using StreamRun first = Fed(options, firstState.Path, input);
        first.Context.Start();
        input[0]("1");
        await first.WhenAsync(1);
        await using StreamRun second = Fed(options, secondState.Path, input);
        second.Context.Start();
        input[1]("2");
        await second.WhenAsync(1);
        input[0]("3");
        StreamingException error =
            await Assert.ThrowsAsync<StreamingException>(() => first.Context.Completion.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains($"Another program has taken the name faststream.test.{topic.Name}", error.Message, StringComparison.Ordinal);
        input[1]("4");
        await second.WhenAsync(2);
        await second.StopAsync();
        Assert.Equal(["1", "2", "4"], topic.ReadAll().Select(record => record.Message.Value).Order(StringComparer.Ordinal));
    }

    [BrokerFact]
    public async Task ToKafka_TimesAheadOfTheProgram_AreRefused()
    {
        Topic topic = await Topic.MakeAsync(broker.Servers, partitions: 1);
        using (IProducer<string?, string?> producer =
            new ProducerBuilder<string?, string?>(new ProducerConfig
                { BootstrapServers = broker.Servers, TransactionalId = "ahead" }).Build())
        {
            producer.InitTransactions(TimeSpan.FromSeconds(30));
            producer.BeginTransaction();
            using IConsumer<Ignore, Ignore> group =
                new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig
                    { BootstrapServers = broker.Servers, GroupId = $"faststream.test.{topic.Name}" }).Build();
            producer.SendOffsetsToTransaction(
                [new TopicPartitionOffset(topic.Name, 0, DateTimeOffset.UtcNow.AddDays(1).ToUnixTimeMilliseconds())],
                group.ConsumerGroupMetadata, TimeSpan.FromSeconds(30));
            producer.CommitTransaction(TimeSpan.FromSeconds(30));
        }

        using var state = new StateDirectory();
        await AssertRefusedAsync(Options(topic) with { Delivery = KafkaDelivery.ExactlyOnce },
            "another program has the same name, or the checkpoint directory is older", state.Path);
        Assert.Empty(topic.ReadAll());
    }

    [BrokerFact]
    public async Task ToKafka_EmptyBatches_MakeNoTransaction()
    {
        Topic topic = await Topic.MakeAsync(broker.Servers, partitions: 1);
        using var state = new StateDirectory();
        var input = new List<Action<string>>();
        await using StreamRun run = Fed(Options(topic) with { Delivery = KafkaDelivery.ExactlyOnce }, state.Path, input);
        var batches = new Countdown(10);
        run.Context.AddListener(batches);
        run.Context.Start();
        await batches.Reached.WaitAsync(TimeSpan.FromSeconds(60));
        input[0]("1");
        await run.WhenAsync(1);
        await run.StopAsync();

        // A record and the marker of one transaction.
        using IConsumer<Ignore, Ignore> consumer =
            new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig { BootstrapServers = broker.Servers, GroupId = "any" }).Build();
        Assert.Equal(2, consumer.QueryWatermarkOffsets(new TopicPartition(topic.Name, 0), TimeSpan.FromSeconds(30)).High.Value);
    }

    private static Dictionary<string, string> OneByOne => new() { ["batch.num.messages"] = "1" };

    private static KafkaSinkOptions Options(Topic topic) => new() { BootstrapServers = topic.Servers, Topic = topic.Name };

    private static async Task AssertRefusedAsync(KafkaSinkOptions options, string expected, string? state = null)
    {
        await using StreamRun run = Writing(["a"], options, value => new KafkaMessage(value, value), state);
        run.Context.Start();
        StreamingException error =
            await Assert.ThrowsAsync<StreamingException>(() => run.Context.Completion.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private static async Task WriteAsync(Topic topic, string[] records, Func<string, KafkaMessage> message)
    {
        await using StreamRun run = Writing(records, Options(topic), message);
        run.Context.Start();
        await run.WhenAsync(records.Length);
        await run.StopAsync();
    }

    /// <summary>One batch of records, written and then kept.</summary>
    private static StreamRun Writing(string[] records, KafkaSinkOptions options, Func<string, KafkaMessage> message,
        string? state = null) => new(
        run =>
        {
            var input = new FastStream.Testing.ManualStream<string>(run.Context);
            input.Add(records);
            input.ToKafka(options, message);
            run.Keep(input);
        },
        state,
        streaming => streaming.Partitions = 1);

    private static StreamRun Fed(KafkaSinkOptions options, string state, List<Action<string>> inputs) => new(
        run =>
        {
            var input = new FastStream.Testing.ManualStream<string>(run.Context);
            inputs.Add(value => input.Add(value));
            input.ToKafka(options, value => new KafkaMessage(value, value));
            run.Keep(input);
        },
        state);

    private static uint Murmur2(ReadOnlySpan<byte> data)
    {
        uint hash = 0x9747b28cu ^ (uint)data.Length;
        int whole = data.Length / 4 * 4;
        for (int i = 0; i < whole; i += 4)
        {
            uint part = BitConverter.ToUInt32(data[i..]) * 0x5bd1e995u;
            hash = (hash * 0x5bd1e995u) ^ ((part ^ (part >> 24)) * 0x5bd1e995u);
        }

        for (int i = data.Length - 1; i >= whole; i--)
        {
            hash ^= (uint)data[i] << (8 * (i - whole));
        }

        if (whole < data.Length)
        {
            hash *= 0x5bd1e995u;
        }

        hash = (hash ^ (hash >> 13)) * 0x5bd1e995u;
        return hash ^ (hash >> 15);
    }
}
