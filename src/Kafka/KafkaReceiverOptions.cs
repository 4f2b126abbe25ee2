using Confluent.Kafka;

namespace FastStream;

/// <summary>What a receiver stream reads as a member of a consumer group, and how.</summary>
public sealed record KafkaReceiverOptions
{
    /// <summary>Brokers to connect to first, as <c>host:port</c> separated by commas; required.</summary>
    public string BootstrapServers { get; set; } = "";

    /// <summary>The consumer group, whose members share the partitions; required.</summary>
    public string GroupId { get; set; } = "";

    /// <summary>Topics to read. Set either this or <see cref="TopicPattern"/>.</summary>
    public IReadOnlyList<string> Topics { get; set; } = [];

    /// <summary>
    /// A regular expression (librdkafka's) that must match the whole name of a topic. Null (default) for none.
    /// </summary>
    public string? TopicPattern { get; set; }

    /// <summary>
    /// Where to begin in partitions for which the group has committed nothing; default
    /// <see cref="AutoOffsetReset.Latest"/>.
    /// </summary>
    public AutoOffsetReset StartFrom { get; set; } = AutoOffsetReset.Latest;

    /// <summary>
    /// Whether the stream sees records of open or aborted transactions; default
    /// <see cref="IsolationLevel.ReadCommitted"/>: it does not.
    /// </summary>
    public IsolationLevel IsolationLevel { get; set; } = IsolationLevel.ReadCommitted;

    /// <summary>
    /// The most bytes read ahead and in running batches, including 40 for each record: 64 KiB or more; default 256 MiB.
    /// When this is reached, the partitions are paused; the member stays in its group.
    /// </summary>
    public long MaxPrefetchBytes { get; set; } = 256L << 20;

    /// <summary>
    /// Whether records have their headers; default false, because reading them allocates several objects a record.
    /// </summary>
    public bool Headers { get; set; }

    /// <summary>
    /// Settings that are passed to librdkafka unchanged, such as <c>session.timeout.ms</c> or <c>group.protocol</c>;
    /// they override the defaults here. Values are never shown.
    /// </summary>
    public IDictionary<string, string> Config { get; set; } = new Dictionary<string, string>();

    /// <summary>Checks all settings, as the source does.</summary>
    /// <exception cref="ArgumentException">A setting is out of its range; the message says which, what was found and
    /// what is expected.</exception>
    public void Validate()
    {
        KafkaCheck.That(!string.IsNullOrWhiteSpace(BootstrapServers), nameof(BootstrapServers), BootstrapServers,
            "brokers are expected, such as localhost:9092");
        KafkaCheck.That(!string.IsNullOrWhiteSpace(GroupId), nameof(GroupId), GroupId, "the name of a consumer group is expected");
        KafkaCheck.That(Topics.Count > 0 != TopicPattern is not null, nameof(Topics), Topics.Count,
            "either Topics or TopicPattern is expected");
        KafkaCheck.That(!Topics.Any(string.IsNullOrWhiteSpace), nameof(Topics), "a blank name", "names of topics are expected");
        KafkaCheck.That(Enum.IsDefined(StartFrom), nameof(StartFrom), StartFrom, "one of the named places is expected");
        KafkaCheck.That(Enum.IsDefined(IsolationLevel), nameof(IsolationLevel), IsolationLevel, "one of the named levels is expected");
        KafkaCheck.That(MaxPrefetchBytes >= 64 << 10, nameof(MaxPrefetchBytes), MaxPrefetchBytes, "64 KiB or more are expected");
    }

    /// <summary>Returns a checked copy, which later changes to this object do not affect.</summary>
    internal KafkaReceiverOptions Validated()
    {
        KafkaReceiverOptions copy = this with { };
        copy.Validate();
        return copy;
    }
}
