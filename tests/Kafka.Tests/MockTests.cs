using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Confluent.Kafka;

namespace FastStream.Tests.Kafka;

/// <summary>What the client's own cluster can carry: everything but what the promises of brokers are needed for.</summary>
public sealed class MockTests
{
    [Fact]
    public async Task ToKafka_ThenKafkaStream_GivesTheSameRecords()
    {
        using var cluster = new MockCluster();
        string[] values = [.. Enumerable.Range(0, 100).Select(i => $"a value of more than fifteen bytes {i:D3}")];
        var topic = new Topic(cluster.Servers, "there-and-back");
        topic.Write([("k", "first")]);   // makes the topic
        await using (var writing = new StreamRun(run =>
        {
            var input = new ManualStream<string>(run.Context);
            input.Add(values);
            input.ToKafka(new KafkaSinkOptions { BootstrapServers = cluster.Servers, Topic = topic.Name },
                value => new KafkaMessage(value[^3..], value));
            run.Keep(input);
        }))
        {
            writing.Context.Start();
            await writing.WhenAsync(100);
            await writing.StopAsync();
        }

        await using var reading = new StreamRun(run => run.Keep(
            run.Context.KafkaStream(new KafkaSourceOptions
                { BootstrapServers = cluster.Servers, Topics = [topic.Name], StartFrom = KafkaStart.Earliest },
                KafkaDeserializers.Text, KafkaDeserializers.Text)
                .Map(record => record.Value)));
        reading.Context.Start();
        await reading.WhenAsync(101);
        await reading.StopAsync();
        Assert.Equal(values.Append("first").Order(StringComparer.Ordinal), reading.Records.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task KafkaReceiverStream_Group_ReadsAll()
    {
        using var cluster = new MockCluster();
        var topic = new Topic(cluster.Servers, "for-a-group");
        topic.Write(Enumerable.Range(0, 200).Select(i => ((string?)$"{i}", (string?)$"{i}")));
        await using var run = new StreamRun(run => run.Keep(
            run.Context.KafkaReceiverStream(new KafkaReceiverOptions
                { BootstrapServers = cluster.Servers, GroupId = "g", Topics = [topic.Name], StartFrom = AutoOffsetReset.Earliest })
                .Map(record => record.Value.ToString())));
        run.Context.Start();
        await run.WhenAsync(200);
        await run.StopAsync();
        Assert.Equal(200, run.Records.Distinct().Count());
    }

    [Fact]
    public async Task KafkaStream_OneToOne_KeepsAPartitionWhole()
    {
        using var cluster = new MockCluster();
        var topic = new Topic(cluster.Servers, "one-to-one");
        topic.Write(Enumerable.Range(0, 400).Select(i => ((string?)$"{i}", (string?)$"{i}")));
        var places = new ConcurrentDictionary<int, ConcurrentBag<int>>();
        await using var run = new StreamRun(run =>
        {
            DStream<KafkaRecord<Utf8Text, Utf8Text>> records = run.Context.KafkaStream(new KafkaSourceOptions
            {
                BootstrapServers = cluster.Servers, Topics = [topic.Name], StartFrom = KafkaStart.Earliest,
                Partitioning = KafkaPartitioning.OneToOne,
            });
            records.ForEachBatch((batch, _) =>
            {
                for (int i = 0; i < batch.PartitionCount; i++)
                {
                    foreach (KafkaRecord<Utf8Text, Utf8Text> record in batch.Partition(i))
                    {
                        places.GetOrAdd(record.Partition, _ => []).Add(i);
                    }
                }
            });
            run.Keep(records.Map(record => record.Value.ToString()));
        });
        run.Context.Start();
        await run.WhenAsync(400);
        await run.StopAsync();
        Assert.True(places.Count > 2);
        Assert.All(places.Values, each => Assert.Single(each.Distinct()));
        Assert.Equal(2, places.Values.Select(each => each.First()).Distinct().Count());
    }

    [Fact]
    public async Task KafkaStream_BytesThatDoNotFit_FailWithTheirPlace()
    {
        using var cluster = new MockCluster();
        var topic = new Topic(cluster.Servers, "poison");
        topic.Write([("k", "no number")]);
        await using var run = new StreamRun(run => run.Keep(
            run.Context.KafkaStream(new KafkaSourceOptions
                { BootstrapServers = cluster.Servers, Topics = [topic.Name], StartFrom = KafkaStart.Earliest },
                KafkaDeserializers.Text, KafkaDeserializers.Int64BigEndian)
                .Map(record => $"{record.Value}")));
        run.Context.Start();
        StreamingException error =
            await Assert.ThrowsAsync<StreamingException>(() => run.Context.Completion.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Matches(@"The value of poison\[\d\]@0 \(9 bytes\) is not what its deserializer expects: 9 bytes were found; 8 are expected",
            error.Message);
    }

    [Fact]
    public async Task KafkaMetrics_WhileAStreamRuns_ShowLag()
    {
        using var cluster = new MockCluster();
        var topic = new Topic(cluster.Servers, "lagging");
        topic.Write(Enumerable.Range(0, 100).Select(i => ((string?)"k", (string?)$"{i}")));
        await using var run = new StreamRun(run => run.Keep(
            run.Context.KafkaStream(new KafkaSourceOptions
                { BootstrapServers = cluster.Servers, Topics = [topic.Name], StartFrom = KafkaStart.Earliest, MaxRatePerPartition = 50 })
                .Map(record => record.Value.ToString())));
        var lags = new List<long>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, meters) =>
        {
            if (instrument.Name == "faststream.kafka.lag" && instrument.Meter.Tags!.Any(tag => Equals(tag.Value, "KafkaStream 0")))
            {
                meters.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, lag, _, _) => lags.Add(lag));
        listener.Start();
        run.Context.Start();
        await run.WhenAsync(10);
        listener.RecordObservableInstruments();
        Assert.Contains(lags, lag => lag is > 0 and <= 90);
    }

    [Fact]
    public void KafkaDeserializers_Bytes_BecomeWhatTheyAre()
    {
        Assert.Equal("ä", KafkaDeserializers.Text(Utf8Text.Intern("ä")));
        Assert.Equal([1, 0, 255], KafkaDeserializers.Bytes(Utf8Text.Intern([1, 0, 255])));
        Assert.Equal(-2, KafkaDeserializers.Int32BigEndian(Utf8Text.Intern([255, 255, 255, 254])));
        Assert.Equal(258, KafkaDeserializers.Int64BigEndian(Utf8Text.Intern([0, 0, 0, 0, 0, 0, 1, 2])));
        Assert.Throws<FormatException>(() => KafkaDeserializers.Int32BigEndian(Utf8Text.Intern("five!")));
        var type = (System.Text.Json.Serialization.Metadata.JsonTypeInfo<int[]>)System.Text.Json.JsonSerializerOptions.Default
            .GetTypeInfo(typeof(int[]));
        Assert.Equal([1, 2], KafkaDeserializers.Json(type)(Utf8Text.Intern("[1, 2]")));
    }

    [Fact]
    public void Options_OutOfRange_AreRefused()
    {
        var context = new StreamRun(_ => { });
        var source = new KafkaSourceOptions { BootstrapServers = "localhost:9092", Topics = ["t"] };
        var sink = new KafkaSinkOptions { BootstrapServers = "localhost:9092", Topic = "t" };
        Assert.All(
            new[]
            {
                source with { BootstrapServers = " " }, source with { Topics = [] }, source with { TopicPattern = "t" },
                source with { Topics = ["t", "t"] },
                source with { MaxRatePerPartition = -1 }, source with { MaxPrefetchBytes = 1 }, source with
                    { DiscoveryInterval = TimeSpan.Zero }, source with { LostRanges = (KafkaLostRangePolicy)9 },
                source with { Topics = [], Assignments = [new("t", 0), new("t", 0)] },
            },
            options => Assert.Throws<ArgumentOutOfRangeException>(() => context.Context.KafkaStream(options)));
        DStream<string> stream = new ManualStream<string>(context.Context);
        Assert.All(
            new[] { sink with { Topic = "" }, sink with { BootstrapServers = "" }, sink with { Name = " " }, sink with
                { TransactionTimeout = TimeSpan.Zero }, sink with { CreateTopic = new() { Partitions = 0 } } },
            options => Assert.Throws<ArgumentOutOfRangeException>(() => stream.ToKafka(options, value => new KafkaMessage(value))));
        Assert.Throws<ArgumentException>(
            () => stream.ToKafka(sink with { Delivery = KafkaDelivery.ExactlyOnce }, value => new KafkaMessage(value)));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => context.Context.KafkaReceiverStream(new KafkaReceiverOptions { BootstrapServers = "localhost:9092", Topics = ["t"] }));
    }

    [Fact]
    public void ToKafka_TwoOutputsOfOneName_AreRefused()
    {
        using var state = new StateDirectory();
        var run = new StreamRun(_ => { }, state.Path);
        var options = new KafkaSinkOptions { BootstrapServers = "localhost:9092", Topic = "t", Delivery = KafkaDelivery.ExactlyOnce };
        DStream<string> stream = new ManualStream<string>(run.Context);
        stream.ToKafka(options, value => new KafkaMessage(value));
        stream.ToKafka(options with { Name = "other" }, value => new KafkaMessage(value));
        Assert.Throws<ArgumentException>(() => stream.ToKafka(options, value => new KafkaMessage(value)));
    }
}
