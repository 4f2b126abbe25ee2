using System.Collections.Concurrent;
using Confluent.Kafka;

namespace FastStream.Tests.Kafka;

/// <summary>The receiver stream against a real broker.</summary>
[Collection(BrokerTests.Name)]
public sealed class BrokerReceiverTests(Broker broker)
{
    [BrokerFact]
    public async Task KafkaReceiverStream_StoppedAndStarted_GoesOnWhereTheGroupIs()
    {
        Topic topic = await Topic.MakeAsync(broker.Servers);
        KafkaReceiverOptions options = Options(topic);
        topic.Write(Numbers(0, 200));
        await using (StreamRun first = Run(options))
        {
            first.Context.Start();
            await first.WhenAsync(200);
            await first.StopAsync();
        }

        topic.Write(Numbers(200, 100));
        await using StreamRun second = Run(options);
        second.Context.Start();
        await second.WhenAsync(100);
        await second.StopAsync();
        Assert.Equal(Expected(200, 100), second.Records.Order(StringComparer.Ordinal));
    }

    [BrokerFact]
    public async Task KafkaReceiverStream_BatchThatFailed_ComesAgain()
    {
        Topic topic = await Topic.MakeAsync(broker.Servers, partitions: 1);
        KafkaReceiverOptions options = Options(topic);
        topic.Write(Numbers(0, 50));
        await using (var first = new StreamRun(run => run.Context.KafkaReceiverStream(options).ForEachBatch((batch, _) =>
        {
            if (!batch.IsEmpty)
            {
                throw new InvalidOperationException("an output that fails");
            }
        })))
        {
            first.Context.Start();
            await Assert.ThrowsAsync<StreamingException>(() => first.Context.Completion.WaitAsync(TimeSpan.FromSeconds(60)));
        }

        await using StreamRun second = Run(options);
        second.Context.Start();
        await second.WhenAsync(50);
        await second.StopAsync();
        Assert.Equal(Expected(0, 50), second.Records);
    }

    [BrokerFact]
    public async Task KafkaReceiverStream_MembersThatComeAndGo_LoseNothing()
    {
        Topic topic = await Topic.MakeAsync(broker.Servers, partitions: 6);
        KafkaReceiverOptions options = Options(topic) with
            { Config = new Dictionary<string, string> { ["session.timeout.ms"] = "3000", ["heartbeat.interval.ms"] = "300" } };
        using var enough = new CancellationTokenSource();
        int written = 0;
        Task writing = Task.Factory.StartNew(
            () =>
            {
                while (!enough.IsCancellationRequested)
                {
                    topic.Write(Numbers(written, 50));
                    written += 50;
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var seen = new ConcurrentDictionary<string, int>();
        await using StreamRun lasting = Run(options, seen);
        lasting.Context.Start();
        for (int i = 0; i < 4; i++)
        {
            await using StreamRun guest = Run(options, seen);
            guest.Context.Start();
            await guest.WhenAsync(20);
            await guest.StopAsync();
        }

        await enough.CancelAsync();
        await writing;
        await lasting.WhenAsync(_ => seen.Count >= written);
        await lasting.StopAsync();
        Assert.Equal(written, seen.Count);
        Assert.Contains(lasting.Warnings.Said, said => said.Contains("Partitions were revoked", StringComparison.Ordinal));
    }

    [BrokerFact]
    public async Task KafkaReceiverStream_SmallBudget_PausesAndReadsAll()
    {
        Topic topic = await Topic.MakeAsync(broker.Servers);
        topic.Write(Enumerable.Range(0, 2000).Select(i => ((string?)null, (string?)$"{i:D6}{new string('x', 500)}")));
        await using StreamRun run = Run(Options(topic) with { MaxPrefetchBytes = 64 << 10 });
        run.Context.Start();
        await run.WhenAsync(2000);
        await run.StopAsync();
        Assert.Equal(2000, run.Records.Distinct().Count());
    }

    [BrokerFact]
    public async Task KafkaReceiverStream_WithCheckpoint_RunsThePlannedBatchAgain()
    {
        Topic topic = await Topic.MakeAsync(broker.Servers, partitions: 1);
        using var state = new StateDirectory();
        KafkaReceiverOptions options = Options(topic) with { Headers = true };
        using (IProducer<string?, string?> producer =
            new ProducerBuilder<string?, string?>(new ProducerConfig { BootstrapServers = broker.Servers }).Build())
        {
            await producer.ProduceAsync(topic.Name, new Message<string?, string?>
                { Key = "a key of more than fifteen bytes", Value = null, Headers = new Headers
                    { { "trace", "a header's value"u8.ToArray() } } });
        }

        string[]? before = null;
        await using (var first = new StreamRun(run => Places(run.Context, options).ForEachBatch((batch, _) =>
        {
            if (!batch.IsEmpty)
            {
                before = batch.ToArray();
                throw new InvalidOperationException("an output that fails");
            }
        }), state.Path))
        {
            first.Context.Start();
            await Assert.ThrowsAsync<StreamingException>(() => first.Context.Completion.WaitAsync(TimeSpan.FromSeconds(60)));
        }

        await using var second = new StreamRun(run => run.Keep(Places(run.Context, options)), state.Path);
        second.Context.Start();
        await second.WhenAsync(1);
        await second.StopAsync();
        Assert.Equal($"{topic.Name}[0]@0 a key of more than fifteen bytes False a header's value", second.Records[0]);
        Assert.Equal(before![0], second.Records[0]);
    }

    private static DStream<string> Places(StreamingContext context, KafkaReceiverOptions options) =>
        context.KafkaReceiverStream(options).Map(record =>
        $"{record.Place} {record.Key} {record.HasValue} "
            + $"{string.Join(',', record.Headers.Select(header => System.Text.Encoding.UTF8.GetString(header.Value!)))}");

    private static KafkaReceiverOptions Options(Topic topic) => new()
    {
        BootstrapServers = topic.Servers, GroupId = $"g-{Guid.NewGuid():N}", Topics = [topic.Name], StartFrom = AutoOffsetReset.Earliest,
    };

    private static StreamRun Run(KafkaReceiverOptions options, ConcurrentDictionary<string, int>? seen = null) =>
        new(run => run.Keep(run.Context.KafkaReceiverStream(options).Map(record =>
    {
        string value = record.Value.ToString();
        seen?.TryAdd(value, 0);
        return value;
    })));

    private static IEnumerable<(string?, string?)> Numbers(int from, int count) =>
        Enumerable.Range(from, count).Select(i => ((string?)$"{i}", (string?)$"{i:D6}"));

    private static IEnumerable<string> Expected(int from, int count) => Enumerable.Range(from, count).Select(i => $"{i:D6}");
}
