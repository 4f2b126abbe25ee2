using Confluent.Kafka;

namespace FastStream;

/// <summary>Settings of clients: what a program gives goes before our defaults, and what correctness needs goes before that.</summary>
internal static class KafkaClientConfig
{
    public static ConsumerConfig Consumer(KafkaSourceOptions options, string group)
    {
        var config = new ConsumerConfig
        {
            GroupId = group,
            IsolationLevel = options.IsolationLevel,

            // Reading ahead is bounded by our own budget; the client's queue needs only cover the way to the broker.
            QueuedMaxMessagesKbytes = 16 << 10,
            FetchQueueBackoffMs = 20,
            SocketKeepaliveEnable = true,
        };
        Pass(options.BootstrapServers, options.Config, config);
        config.EnableAutoOffsetStore = false;
        config.EnableAutoCommit = options.MirrorOffsets;
        config.AutoOffsetReset = AutoOffsetReset.Error;
        config.EnablePartitionEof = true;
        config.AllowAutoCreateTopics = false;
        config.ConsumeResultFields = options.Headers ? "all" : options.Topics.Count == 1 ? "timestamp" : "topic,timestamp";
        return config;
    }

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
