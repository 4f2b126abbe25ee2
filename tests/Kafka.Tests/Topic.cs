using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace FastStream.Tests.Kafka;

/// <summary>A topic of a test's own: made, written and read with the plain client, independently of what is tested.</summary>
public sealed class Topic(string servers, string name)
{
    public string Servers { get; } = servers;

    public string Name { get; } = name;

    public static async Task<Topic> MakeAsync(string servers, int partitions = 3, params (string Key, string Value)[] config)
    {
        string name = $"t-{Guid.NewGuid():N}";
        using IAdminClient admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = servers }).Build();
        await admin.CreateTopicsAsync(
            [new TopicSpecification
                { Name = name, NumPartitions = partitions, Configs = config.ToDictionary(each => each.Key, each => each.Value) }]);
        return new Topic(servers, name);
    }

    public void Write(IEnumerable<(string? Key, string? Value)> records)
    {
        using IProducer<string?, string?> producer = new ProducerBuilder<string?, string?>(
            new ProducerConfig { BootstrapServers = Servers, EnableIdempotence = true,
                Partitioner = Partitioner.Murmur2Random }).SetLogHandler((_, _) => { }).Build();
        foreach ((string? key, string? value) in records)
        {
            producer.Produce(Name, new Message<string?, string?> { Key = key, Value = value });
        }

        producer.Flush(TimeSpan.FromSeconds(60));
    }

    /// <summary>Writes a transaction, and commits or aborts it.</summary>
    public void WriteTransaction(IEnumerable<(string? Key, string? Value)> records, bool commit)
    {
        using IProducer<string?, string?> producer = new ProducerBuilder<string?, string?>(
            new ProducerConfig { BootstrapServers = Servers, TransactionalId = Guid.NewGuid().ToString() }).SetLogHandler((_, _) => { })
                .Build();
        producer.InitTransactions(TimeSpan.FromSeconds(30));
        producer.BeginTransaction();
        foreach ((string? key, string? value) in records)
        {
            producer.Produce(Name, new Message<string?, string?> { Key = key, Value = value });
        }

        producer.Flush(TimeSpan.FromSeconds(30));
        if (commit)
        {
            producer.CommitTransaction(TimeSpan.FromSeconds(30));
        }
        else
        {
            producer.AbortTransaction(TimeSpan.FromSeconds(30));
        }
    }

    /// <summary>All records that a reader with read_committed sees, up to the ends that the partitions have now.</summary>
    public IReadOnlyList<ConsumeResult<string?, string?>> ReadAll()
    {
        using IConsumer<string?, string?> consumer = new ConsumerBuilder<string?, string?>(new ConsumerConfig
        {
            BootstrapServers = Servers, GroupId = $"reader-{Guid.NewGuid():N}",
            IsolationLevel = IsolationLevel.ReadCommitted, EnablePartitionEof = true, EnableAutoCommit = false,
        }).SetKeyDeserializer(Text.Instance).SetValueDeserializer(Text.Instance).SetLogHandler((_, _) => { }).Build();
        using IAdminClient admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        int open = admin.GetMetadata(Name, TimeSpan.FromSeconds(30)).Topics[0].Partitions.Count;
        consumer.Assign(Enumerable.Range(0, open).Select(partition => new TopicPartitionOffset(Name, partition, Offset.Beginning)));
        var records = new List<ConsumeResult<string?, string?>>();
        while (open > 0)
        {
            ConsumeResult<string?, string?> result = consumer.Consume(TimeSpan.FromSeconds(60))
                ?? throw new TimeoutException($"{Name} was not read to its end");
            if (result.IsPartitionEOF)
            {
                open--;
            }
            else
            {
                records.Add(result);
            }
        }

        return records;
    }

    private sealed class Text : IDeserializer<string?>
    {
        public static readonly Text Instance = new();

        public string? Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context) =>
            isNull ? null : Encoding.UTF8.GetString(data);
    }
}
