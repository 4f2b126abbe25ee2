namespace FastStream;

/// <summary>How a topic must be: it is made so where it is not there, and refused where it is otherwise.</summary>
public sealed record KafkaTopicSpec
{
    /// <summary>Number of partitions: 1 or more.</summary>
    public required int Partitions { get; set; }

    /// <summary>
    /// Copies of each partition: 1 or more, or -1 (default) for what the brokers have by default. Not compared with a
    /// topic that is there.
    /// </summary>
    public short ReplicationFactor { get; set; } = -1;

    /// <summary>
    /// Settings of the topic, such as <c>cleanup.policy</c> = <c>compact</c>; empty (default) for what the brokers have
    /// by default.
    /// </summary>
    public IDictionary<string, string> Config { get; set; } = new Dictionary<string, string>();

    internal void Validate()
    {
        KafkaCheck.That(Partitions >= 1, nameof(Partitions), Partitions, "1 or more are expected");
        KafkaCheck.That(ReplicationFactor is >= 1 or -1, nameof(ReplicationFactor), ReplicationFactor,
            "1 or more are expected, or -1 for the brokers' default");
    }
}
