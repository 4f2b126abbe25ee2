namespace FastStream;

/// <summary>How a topic must be: the output creates a missing topic this way, and refuses one that differs.</summary>
public sealed record KafkaTopicSpec
{
    /// <summary>Number of partitions: 1 or more.</summary>
    public required int Partitions { get; set; }

    /// <summary>
    /// Copies of each partition: 1 or more, or -1 (default) for the brokers' default. An existing topic is not checked
    /// against it.
    /// </summary>
    public short ReplicationFactor { get; set; } = -1;

    /// <summary>
    /// Settings of the topic, such as <c>cleanup.policy</c> = <c>compact</c>; empty (default) for the brokers'
    /// defaults.
    /// </summary>
    public IDictionary<string, string> Config { get; set; } = new Dictionary<string, string>();

    internal void Validate()
    {
        KafkaCheck.That(Partitions >= 1, nameof(Partitions), Partitions, "1 or more are expected");
        KafkaCheck.That(ReplicationFactor is >= 1 or -1, nameof(ReplicationFactor), ReplicationFactor,
            "1 or more are expected, or -1 for the brokers' default");
    }
}
