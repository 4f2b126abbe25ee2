using Confluent.Kafka;

namespace FastStream;

/// <summary>
/// Settings of clients: the program's settings override our defaults, and settings needed for correctness override
/// both.
/// </summary>
internal static class KafkaClientConfig
{
    private static readonly string[] _anyClient = ["sasl.", "ssl.", "security.", "enable.ssl.", "enable.sasl.",
        "socket.", "broker.", "client.", "connections.", "metadata.", "reconnect.", "retry.", "debug", "topic.metadata."];

    public static ConsumerConfig Consumer(KafkaSourceOptions options, string group)
    {
        ConsumerConfig config = NewConsumer(group, options.IsolationLevel);
        Pass(options.BootstrapServers, options.Config, config);
        config.EnableAutoOffsetStore = false;
        config.EnableAutoCommit = options.MirrorOffsets;
        config.AutoOffsetReset = AutoOffsetReset.Error;
        config.EnablePartitionEof = true;
        config.AllowAutoCreateTopics = false;
        config.ConsumeResultFields = FieldsOf(options.Headers, options.Topics);
        return config;
    }

    public static ConsumerConfig Receiver(KafkaReceiverOptions options)
    {
        ConsumerConfig config = NewConsumer(options.GroupId, options.IsolationLevel);
        config.AutoOffsetReset = options.StartFrom;
        Pass(options.BootstrapServers, options.Config, config);
        if (config.GroupProtocol != GroupProtocol.Consumer)
        {
            config.PartitionAssignmentStrategy ??= PartitionAssignmentStrategy.CooperativeSticky;
        }

        config.EnableAutoOffsetStore = false;
        config.EnableAutoCommit = true;   // of stored offsets: the ends of completed batches
        config.ConsumeResultFields = FieldsOf(options.Headers, options.Topics);
        return config;
    }

    private static ConsumerConfig NewConsumer(string group, IsolationLevel isolation) => new()
    {
        GroupId = group,
        IsolationLevel = isolation,

        // Our own budget bounds reading ahead; the client's queue need only cover the latency to the broker.
        QueuedMaxMessagesKbytes = 16 << 10,
        FetchQueueBackoffMs = 20,
        AutoCommitIntervalMs = 1000,
        SocketKeepaliveEnable = true,
    };

    private static string FieldsOf(bool headers, IReadOnlyCollection<string> topics) =>
        headers ? "all" : topics.Count == 1 ? "timestamp" : "topic,timestamp";

    /// <summary>Selects the producer settings that a consumer has too: those for reaching brokers.</summary>
    public static IEnumerable<KeyValuePair<string, string>> ForAnyClient(IEnumerable<KeyValuePair<string, string>> given) =>
        given.Where(each => _anyClient.Any(start => each.Key.StartsWith(start, StringComparison.Ordinal)));

    /// <summary>Sets the brokers and the program's settings.</summary>
    public static void Pass(string bootstrapServers, IEnumerable<KeyValuePair<string, string>> given, ClientConfig config)
    {
        config.BootstrapServers = bootstrapServers;
        foreach ((string key, string value) in given)
        {
            config.Set(key, value);
        }
    }
}
