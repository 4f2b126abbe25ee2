namespace FastStream;

/// <summary>Where a direct stream begins that has no checkpoint; later starts go on where the checkpoint is.</summary>
/// <remarks>Partitions that are found while the program runs begin at their beginning, so that nothing of them is missed.</remarks>
public sealed class KafkaStart
{
    private KafkaStart(string name) => Name = name;

    /// <summary>At the oldest record that is there.</summary>
    public static KafkaStart Earliest { get; } = new("earliest");

    /// <summary>Behind the newest record that is there.</summary>
    public static KafkaStart Latest { get; } = new("latest");

    /// <summary>Where the consumer group has committed, and at the oldest record where it has not.</summary>
    public static KafkaStart Committed { get; } = new("committed");

    /// <summary>At the first record of this time or later, and behind the newest one where there is none.</summary>
    public static KafkaStart At(DateTimeOffset time) => new("time") { Time = time };

    /// <summary>At these offsets; partitions that are not named begin at their oldest record.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An offset is less than 0.</exception>
    public static KafkaStart Offsets(IReadOnlyDictionary<KafkaPartition, long> offsets)
    {
        ArgumentNullException.ThrowIfNull(offsets);
        foreach ((KafkaPartition partition, long offset) in offsets)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(offset, partition.ToString());
        }

        return new("offsets") { Given = new Dictionary<KafkaPartition, long>(offsets) };
    }

    internal string Name { get; }

    internal DateTimeOffset Time { get; private init; }

    internal IReadOnlyDictionary<KafkaPartition, long>? Given { get; private init; }

    /// <summary>The kind of start.</summary>
    public override string ToString() => Name;
}
