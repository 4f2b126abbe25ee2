using Confluent.Kafka;

namespace FastStream.Tests.Kafka;

/// <summary>Brokers that are not there, or go and come: batches wait, and nothing is lost or doubled.</summary>
public sealed class OutageTests
{
    [OwnBrokerFact]
    public Task Job_BrokerKilledAndStarted_PutsEveryRecordOutOnce() => RunThroughAsync(nodes: 1, (directory, outage) =>
    {
        Broker.Run("kill", directory, "1");
        Broker.Run("start", directory, "1");
    });

    [OwnBrokerFact]
    public Task Job_BrokersKilledPausedAndStartedInTurn_PutsEveryRecordOutOnce() => RunThroughAsync(nodes: 3, (directory, outage) =>
    {
        string node = $"{outage + 1}";
        Broker.Run(outage == 1 ? "pause" : "kill", directory, node);
        using IAdminClient admin =
            new AdminClientBuilder(new AdminClientConfig
                { BootstrapServers = File.ReadAllText(Path.Combine(directory, "bootstrap")).Trim() }).SetLogHandler((_, _) => { }).Build();
        while (Brokers(admin) != 2)
        {
        }

        Broker.Run(outage == 1 ? "resume" : "start", directory, node);
        while (Brokers(admin) != 3)
        {
        }
    });

    private static async Task RunThroughAsync(int nodes, Action<string, int> outages)
    {
        string directory = Directory.CreateTempSubdirectory("faststream-kafka-").FullName;
        using var state = new StateDirectory();
        try
        {
            string servers = Broker.Run("up", directory, $"{nodes}", Broker.FreePort(nodes).ToString()).Trim();
            Topic input = await Topic.MakeAsync(servers);
            Topic output = await Topic.MakeAsync(servers);
            await using var run = new StreamRun(
                run =>
                {
                    DStream<string> records =
                        run.Context.KafkaStream(new KafkaSourceOptions
                            { BootstrapServers = servers, Topics = [input.Name], StartFrom = KafkaStart.Earliest })
                        .Map(record => record.Value.ToString());
                    records.ToKafka(new KafkaSinkOptions
                        { BootstrapServers = servers, Topic = output.Name, Delivery = KafkaDelivery.ExactlyOnce },
                        value => new KafkaMessage(value));
                    run.Keep(records);
                },
                state.Path);
            run.Context.Start();
            int written = 0;
            for (int outage = 0; outage < 3; outage++)
            {
                int from = written;
                Task<int> writing = Task.Run(() => WriteSlowly(input, from, 400));
                await run.WhenAsync(from + 200);
                outages(directory, outage);
                written += await writing;
            }

            await run.WhenAsync(written);
            await run.StopAsync();
            Assert.Equal(Enumerable.Range(0, written).Select(i => $"{i:D6}"),
                output.ReadAll().Select(record => record.Message.Value).Order(StringComparer.Ordinal));
            Assert.Equal(written, run.Records.Count);
        }
        finally
        {
            Broker.Run("down", directory);
            Directory.Delete(directory, recursive: true);
        }
    }

    private static int Brokers(IAdminClient admin)
    {
        try
        {
            return admin.GetMetadata(TimeSpan.FromSeconds(5)).Brokers.Count;
        }
        catch (KafkaException)
        {
            return 0;
        }
    }

    [OwnBrokerFact]
    public async Task KafkaStream_NoBrokerAtTheStart_BeginsWhenThereIsOne()
    {
        string directory = Directory.CreateTempSubdirectory("faststream-kafka-").FullName;
        try
        {
            string servers = Broker.Run("up", directory, "1", Broker.FreePort().ToString()).Trim();
            Topic input = await Topic.MakeAsync(servers);
            Topic output = await Topic.MakeAsync(servers);
            input.Write([("a", "1"), ("b", "2")]);
            Broker.Run("down", directory);
            await using var run = new StreamRun(run =>
            {
                DStream<string> records =
                    run.Context.KafkaStream(new KafkaSourceOptions
                        { BootstrapServers = servers, Topics = [input.Name], StartFrom = KafkaStart.Earliest })
                    .Map(record => record.Value.ToString());
                records.ToKafka(new KafkaSinkOptions { BootstrapServers = servers, Topic = output.Name }, value => new KafkaMessage(value));
                run.Keep(records);
            });
            run.Context.Start();
            await run.Warnings.WhenSaidAsync(servers);
            Broker.Run("start", directory, "1");
            await run.WhenAsync(2);
            await run.StopAsync();
            Assert.Equal(["1", "2"], output.ReadAll().Select(record => record.Message.Value).Order(StringComparer.Ordinal));
        }
        finally
        {
            Broker.Run("down", directory);
            Directory.Delete(directory, recursive: true);
        }
    }

    private static int WriteSlowly(Topic topic, int from, int count)
    {
        using IProducer<string?, string?> producer = new ProducerBuilder<string?, string?>(
            new ProducerConfig { BootstrapServers = topic.Servers, EnableIdempotence = true }).SetLogHandler((_, _) => { }).Build();
        for (int i = 0; i < count; i += 20)
        {
            for (int j = i; j < i + 20; j++)
            {
                producer.Produce(topic.Name, new Message<string?, string?> { Value = $"{from + j:D6}" });
            }

            producer.Flush(TimeSpan.FromSeconds(60));   // the pace, and what waits for the broker
        }

        return count;
    }
}

/// <summary>A test that starts and stops brokers of its own; left out, by its name, where it cannot.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OwnBrokerFactAttribute : FactAttribute
{
    public OwnBrokerFactAttribute() => Skip = Broker.CannotStart;
}
