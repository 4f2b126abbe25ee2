namespace FastStream;

/// <summary>Where a direct stream without a checkpoint begins; later starts continue from the checkpoint.</summary>
/// <remarks>
/// Partitions found while the program runs are read from their beginning, so that none of their records is missed.
/// </remarks>
public sealed class KafkaStart
{
    private KafkaStart(string name) => Name = name;

    /// <summary>At the oldest record that exists.</summary>
    public static KafkaStart Earliest { get; } = new("earliest");

    /// <summary>Behind the newest record that exists.</summary>
    public static KafkaStart Latest { get; } = new("latest");

    /// <summary>
    /// At the consumer group's committed offset, or at the oldest record where the group has committed none.
    /// </summary>
    public static KafkaStart Committed { get; } = new("committed");

    /// <summary>At the first record of this time or later, or behind the newest record where there is none.</summary>
    public static KafkaStart At(DateTimeOffset time) => new("time") { Time = time };

    /// <summary>At these offsets; partitions not named here begin at their oldest record.</summary>
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
