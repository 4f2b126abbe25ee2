using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace FastStream.Tests.Kafka;

/// <summary>The direct stream against a real broker: what it promises of offsets, restarts, and what is lost.</summary>
[Collection(BrokerTests.Name)]
public sealed class BrokerStreamTests(Broker broker)
{
    [BrokerFact]
    public async Task KafkaStream_StartedAgain_GoesOnWhereItWas()
    {
        Topic topic = await Topic.MakeAsync(broker.Servers);
        using var state = new StateDirectory();
        topic.Write(Numbers(0, 500));
        await using (StreamRun first = Run(topic, state: state.Path))
        {
            first.Context.Start();
            await first.WhenAsync(500);
            await first.StopAsync();
            Assert.Equal(Expected(0, 500), first.Records.Order(StringComparer.Ordinal));
        }

        topic.Write(Numbers(500, 500));
        await using StreamRun second = Run(topic, state: state.Path);
        second.Context.Start();
        await second.WhenAsync(500);
        await second.StopAsync();
        Assert.Equal(Expected(500, 500), second.Records.Order(StringComparer.Ordinal));
    }

    [BrokerFact]
    public async Task KafkaStream_BatchOfAnEarlierRun_HasTheSameRecordsAgain()
    {
        Topic topic = await Topic.MakeAsync(broker.Servers, partitions: 2);
        using var state = new StateDirectory();
        topic.Write(Numbers(0, 300));
        var seen = new List<string>();
        bool isReplay = false;
        var failed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (var first = new StreamRun(
            run => Places(run.Context, topic).ForEachBatch((batch, _) =>
            {
                if (!batch.IsEmpty)
                {
                    seen.AddRange(batch);
                    failed.TrySetResult();
                    throw new InvalidOperationException("an output that fails");
                }
            }),
            state.Path))
        {
            first.Context.Start();
            await failed.Task.WaitAsync(TimeSpan.FromSeconds(60));
            await Assert.ThrowsAsync<StreamingException>(() => first.Context.Completion);
        }

        topic.Write(Numbers(300, 300));
        var again = new List<string>();
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var second = new StreamRun(
            run => Places(run.Context, topic).ForEachBatch((batch, _) =>
            {
                if (again.Count == 0)
                {
                    isReplay = batch.IsReplay;
                    Assert.Equal(seen, batch);
                }

                again.AddRange(batch);
                if (again.Count >= 600)
                {
                    all.TrySetResult();
                }
            }),
            state.Path);
        second.Context.Start();
        await (await Task.WhenAny(all.Task, second.Context.Completion).WaitAsync(TimeSpan.FromSeconds(60)));
        await second.StopAsync();
        Assert.True(isReplay);
        Assert.Equal(600, again.Count);
        Assert.Equal(600, again.Distinct().Count());
    }

    [BrokerFact]
    public async Task KafkaStream_TransactionAborted_IsNotSeen()
    {
        Topic topic = await Topic.MakeAsync(broker.Servers, partitions: 1);
        topic.WriteTransaction(Numbers(0, 10), commit: true);
        topic.WriteTransaction(Numbers(10, 10), commit: false);
        topic.WriteTransaction(Numbers(20, 10), commit: true);
        await using StreamRun run = Run(topic);
        run.Context.Start();
        await run.WhenAsync(20);
        await run.StopAsync();
        Assert.Equal(Expected(0, 10).Concat(Expected(20, 10)), run.Records);
    }

    [BrokerFact]
    public async Task KafkaStream_NullsAndHeaders_AreTold()
    {
        Topic topic = await Topic.MakeAsync(broker.Servers, partitions: 1);
        using (IProducer<string?, string?> producer =
            new ProducerBuilder<string?, string?>(new ProducerConfig { BootstrapServers = broker.Servers }).Build())
        {
            var headers = new Headers { { "trace", "abcdef"u8.ToArray() }, { "trace", "second"u8.ToArray() }, { "empty", null } };
            await producer.ProduceAsync(topic.Name, new Message<string?, string?> { Key = "key", Value = null, Headers = headers });
            await producer.ProduceAsync(topic.Name, new Message<string?, string?> { Key = null, Value = "" });
            await producer.ProduceAsync(topic.Name, new Message<string?, string?>
                { Key = "k", Value = new string('x', 300_000), Timestamp = new Timestamp(123_456, TimestampType.CreateTime) });
        }

        await using var run = new StreamRun(run => run.Keep(run.Context.KafkaStream(Options(topic) with { Headers = true }).Map(record =>
            ($"{record.Place} {(record.HasKey ? record.Key.ToString() : "no key")} "
                + $"{(record.HasValue ? $"{record.Value.Length} bytes" : "tombstone")} "
                + $"{string.Join(',', record.Headers.Select(header => $"{header.Key}={TextOf(header.Value)}"))} "
                + (record.TimestampMilliseconds == 123_456 ? "dated" : "")).TrimEnd())));
        run.Context.Start();
        await run.WhenAsync(3);
        await run.StopAsync();
        string[] expected = [$"{topic.Name}[0]@0 key tombstone trace=abcdef,trace=second,empty=null",
            $"{topic.Name}[0]@1 no key 0 bytes", $"{topic.Name}[0]@2 k 300000 bytes  dated"];
        Assert.Equal(expected, run.Records);
    }

    [BrokerFact]
    public async Task KafkaStream_PartitionsAddedWhileItRuns_AreReadFromTheirBeginning()
    {
        Topic topic = await Topic.MakeAsync(broker.Servers, partitions: 1);
        topic.Write(Numbers(0, 10));
        await using StreamRun run = Run(topic);
        run.Context.Start();
        await run.WhenAsync(10);
        using (IAdminClient admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = broker.Servers }).Build())
        {
            await admin.CreatePartitionsAsync([new PartitionsSpecification { Topic = topic.Name, IncreaseTo = 4 }]);
        }

        topic.Write(Numbers(10, 200));
        await run.WhenAsync(210);
        await run.StopAsync();
        Assert.Equal(Expected(0, 210), run.Records.Order(StringComparer.Ordinal));
        Assert.True(topic.ReadAll().Select(record => record.Partition.Value).Distinct().Count() > 1);
    }

    [BrokerFact]
    public async Task KafkaStream_Pattern_FindsTopicsMadeWhileItRuns()
    {
        string prefix = $"p-{Guid.NewGuid():N}";
        await using var run = new StreamRun(run => run.Keep(run.Context.KafkaStream(new KafkaSourceOptions
        {
            BootstrapServers = broker.Servers, TopicPattern = $"{prefix}-.*", StartFrom = KafkaStart.Latest,
            DiscoveryInterval = TimeSpan.FromMilliseconds(50),
        }).Map(record => $"{record.Topic.ToString()[^1]}{record.Value}")));
        run.Context.Start();
        foreach (string name in new[] { $"{prefix}-a", $"{prefix}-b" })
        {
            using IAdminClient admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = broker.Servers }).Build();
            await admin.CreateTopicsAsync([new TopicSpecification { Name = name, NumPartitions = 2 }]);
            new Topic(broker.Servers, name).Write([("k", "1"), ("l", "2")]);
        }

        await run.WhenAsync(4);
        await run.StopAsync();
        Assert.Equal(["a1", "a2", "b1", "b2"], run.Records.Order(StringComparer.Ordinal));
    }

    [BrokerFact]
    public async Task KafkaStream_RecordsDeleted_StopsWithTheRange()
    {
        Topic topic = await Topic.MakeAsync(broker.Servers, partitions: 1);
        using var state = new StateDirectory();
        await ReadAndDeleteAsync(topic, state.Path);
        await using StreamRun run = Run(topic, state: state.Path);
        run.Context.Start();
        StreamingException error =
            await Assert.ThrowsAsync<StreamingException>(() => run.Context.Completion.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains($"{topic.Name}[0]: records from offset 10 to 14 were not read yet and are gone", error.Message,
            StringComparison.Ordinal);
    }

    [BrokerFact]
    public async Task KafkaStream_RecordsDeletedAndAllowed_GoesOnFromTheOldest()
    {
        Topic topic = await Topic.MakeAsync(broker.Servers, partitions: 1);
        using var state = new StateDirectory();
        await ReadAndDeleteAsync(topic, state.Path);
        await using StreamRun run = Run(topic, state: state.Path, change: options => options.LostRanges = KafkaLostRangePolicy.Continue);
        run.Context.Start();
        await run.WhenAsync(5);
        await run.Warnings.WhenSaidAsync("records from offset 10 to 14");
        await run.StopAsync();
        Assert.Equal(Expected(15, 5), run.Records);
    }

    [BrokerFact]
    public async Task KafkaStream_TopicMadeAnew_Stops()
    {
        Topic topic = await Topic.MakeAsync(broker.Servers, partitions: 1);
        using var state = new StateDirectory();
        topic.Write(Numbers(0, 10));
        await using (StreamRun first = Run(topic, state: state.Path))
        {
            first.Context.Start();
            await first.WhenAsync(10);
            await first.StopAsync();
        }

        using (IAdminClient admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = broker.Servers }).Build())
        {
            await admin.DeleteTopicsAsync([topic.Name]);
            while (admin.GetMetadata(TimeSpan.FromSeconds(30)).Topics.Any(each => each.Topic == topic.Name))
            {
            }

            await admin.CreateTopicsAsync([new TopicSpecification { Name = topic.Name, NumPartitions = 1 }]);
        }

        topic.Write(Numbers(0, 3));
        await using StreamRun second = Run(topic, state: state.Path);
        second.Context.Start();
        StreamingException error =
            await Assert.ThrowsAsync<StreamingException>(() => second.Context.Completion.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains("offset 10 was to be read next, and the partition ends at 3", error.Message, StringComparison.Ordinal);
    }

    [BrokerFact]
    public async Task KafkaStream_UnknownTopic_StopsWithItsName()
    {
        await using StreamRun run = Run(new Topic(broker.Servers, "never-made"));
        run.Context.Start();
        StreamingException error =
            await Assert.ThrowsAsync<StreamingException>(() => run.Context.Completion.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains("Topic never-made is not there", error.Message, StringComparison.Ordinal);
    }

    [BrokerFact]
    public async Task KafkaStream_BatchesDone_AreMirroredToTheGroup()
    {
        Topic topic = await Topic.MakeAsync(broker.Servers, partitions: 1);
        topic.Write(Numbers(0, 25));
        string group = $"g-{Guid.NewGuid():N}";
        await using (StreamRun run = Run(topic, change: options => options.GroupId = group))
        {
            run.Context.Start();
            await run.WhenAsync(25);
            await run.StopAsync();
        }

        Assert.Equal(25, Committed(topic, group));
        topic.Write(Numbers(25, 5));
        await using StreamRun next = Run(topic, change: options => (options.GroupId, options.StartFrom) = (group, KafkaStart.Committed));
        next.Context.Start();
        await next.WhenAsync(5);
        await next.StopAsync();
        Assert.Equal(Expected(25, 5), next.Records);
    }

    [BrokerFact]
    public async Task KafkaStream_StartsGiven_BeginThere()
    {
        Topic topic = await Topic.MakeAsync(broker.Servers, partitions: 1);
        using (IProducer<string?, string?> producer =
            new ProducerBuilder<string?, string?>(new ProducerConfig { BootstrapServers = broker.Servers }).Build())
        {
            for (int i = 0; i < 10; i++)
            {
                await producer.ProduceAsync(topic.Name, new Message<string?, string?>
                    { Value = $"{i:D6}", Timestamp = new Timestamp(1_700_000_000_000 + (1000 * i), TimestampType.CreateTime) });
            }
        }

        KafkaStart byOffset = KafkaStart.Offsets(new Dictionary<KafkaPartition, long> { [new(topic.Name, 0)] = 7 });
        KafkaStart byTime = KafkaStart.At(DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_003_500));
        foreach ((KafkaStart start, int first) in new[] { (byOffset, 7), (byTime, 4) })
        {
            await using StreamRun run = Run(topic, change: options => options.StartFrom = start);
            run.Context.Start();
            await run.WhenAsync(10 - first);
            await run.StopAsync();
            Assert.Equal(Expected(first, 10 - first), run.Records);
        }
    }

    [BrokerFact]
    public async Task KafkaStream_RateLimit_HoldsFromTheFirstBatchOn()
    {
        Topic topic = await Topic.MakeAsync(broker.Servers, partitions: 1);
        topic.Write(Numbers(0, 100));
        var sizes = new List<int>();
        await using var run = new StreamRun(run =>
        {
            DStream<string> values = run.Context.KafkaStream(Options(topic) with { MaxRatePerPartition = 500 })
                .Map(record => record.Value.ToString());
            values.ForEachBatch((batch, _) => sizes.Add(batch.Count));
            run.Keep(values);
        });
        run.Context.Start();
        await run.WhenAsync(100);
        await run.StopAsync();
        Assert.Equal(10, sizes.Max());
        Assert.Equal(Expected(0, 100), run.Records);
    }

    [BrokerFact]
    public async Task KafkaStream_SmallBudget_StillReadsAll()
    {
        Topic topic = await Topic.MakeAsync(broker.Servers);
        topic.Write(Enumerable.Range(0, 2000).Select(i => ((string?)null, (string?)$"{i:D6}{new string('x', 500)}")));
        await using StreamRun run = Run(topic, change: options => options.MaxPrefetchBytes = 64 << 10);
        run.Context.Start();
        await run.WhenAsync(2000);
        await run.StopAsync();
        Assert.Equal(2000, run.Records.Distinct().Count());
    }

    private static StreamRun Run(Topic topic, string? state = null, Action<KafkaSourceOptions>? change = null)
    {
        KafkaSourceOptions options = Options(topic);
        change?.Invoke(options);
        return new StreamRun(run => run.Keep(run.Context.KafkaStream(options).Map(record => record.Value.ToString())), state);
    }

    private static KafkaSourceOptions Options(Topic topic) => new()
    {
        BootstrapServers = topic.Servers, Topics = [topic.Name], StartFrom = KafkaStart.Earliest,
        DiscoveryInterval = TimeSpan.FromMilliseconds(50),
    };

    private static DStream<string> Places(StreamingContext context, Topic topic) =>
        context.KafkaStream(Options(topic)).Map(record => $"{record.Place} {record.Value}");

    private static IEnumerable<(string?, string?)> Numbers(int from, int count) =>
        Enumerable.Range(from, count).Select(i => ((string?)$"{i % 50}", (string?)$"{i:D6}"));

    private static IEnumerable<string> Expected(int from, int count) => Enumerable.Range(from, count).Select(i => $"{i:D6}");

    private static async Task ReadAndDeleteAsync(Topic topic, string state)
    {
        topic.Write(Numbers(0, 10));
        await using (StreamRun first = Run(topic, state: state))
        {
            first.Context.Start();
            await first.WhenAsync(10);
            await first.StopAsync();
        }

        topic.Write(Numbers(10, 10));
        using IAdminClient admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = topic.Servers }).Build();
        await admin.DeleteRecordsAsync([new TopicPartitionOffset(topic.Name, 0, 15)]);
    }

    private static long Committed(Topic topic, string group)
    {
        using IConsumer<Ignore, Ignore> consumer =
            new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig { BootstrapServers = topic.Servers, GroupId = group }).Build();
        return consumer.Committed([new TopicPartition(topic.Name, 0)], TimeSpan.FromSeconds(30))[0].Offset.Value;
    }

    private static string TextOf(byte[]? value) => value is null ? "null" : System.Text.Encoding.UTF8.GetString(value);
}
