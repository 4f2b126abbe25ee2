using Confluent.Kafka;

namespace FastStream;

/// <summary>Settings of clients: what a program gives goes before our defaults, and what correctness needs goes before that.</summary>
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
        config.EnableAutoCommit = true;   // of what is stored, which are ends of batches that are done
        config.ConsumeResultFields = FieldsOf(options.Headers, options.Topics);
        return config;
    }

    private static ConsumerConfig NewConsumer(string group, IsolationLevel isolation) => new()
    {
        GroupId = group,
        IsolationLevel = isolation,

        // Reading ahead is bounded by our own budget; the client's queue needs only cover the way to the broker.
        QueuedMaxMessagesKbytes = 16 << 10,
        FetchQueueBackoffMs = 20,
        AutoCommitIntervalMs = 1000,
        SocketKeepaliveEnable = true,
    };

    private static string FieldsOf(bool headers, IReadOnlyCollection<string> topics) =>
        headers ? "all" : topics.Count == 1 ? "timestamp" : "topic,timestamp";

    /// <summary>Of what the program gives for a producer, the settings that a consumer has too: how to reach brokers.</summary>
    public static IEnumerable<KeyValuePair<string, string>> ForAnyClient(IEnumerable<KeyValuePair<string, string>> given) =>
        given.Where(each => _anyClient.Any(start => each.Key.StartsWith(start, StringComparison.Ordinal)));

    /// <summary>Sets the brokers and what the program gives.</summary>
    public static void Pass(string bootstrapServers, IEnumerable<KeyValuePair<string, string>> given, ClientConfig config)
    {
        config.BootstrapServers = bootstrapServers;
        foreach ((string key, string value) in given)
        {
            config.Set(key, value);
        }
    }
}
