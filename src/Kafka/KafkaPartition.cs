namespace FastStream;

/// <summary>A partition of a topic.</summary>
/// <param name="Topic">The topic's name.</param>
/// <param name="Partition">The partition, from 0.</param>
public readonly record struct KafkaPartition(string Topic, int Partition) : IComparable<KafkaPartition>
{
    /// <summary>Orders by topic, then by partition.</summary>
    public int CompareTo(KafkaPartition other)
    {
        int byTopic = string.CompareOrdinal(Topic, other.Topic);
        return byTopic != 0 ? byTopic : Partition.CompareTo(other.Partition);
    }

    /// <summary>Topic and partition, such as <c>orders[3]</c>.</summary>
    public override string ToString() => $"{Topic}[{Partition}]";

    /// <summary>By topic, then by partition.</summary>
    public static bool operator <(KafkaPartition left, KafkaPartition right) => left.CompareTo(right) < 0;

    /// <summary>By topic, then by partition.</summary>
    public static bool operator >(KafkaPartition left, KafkaPartition right) => left.CompareTo(right) > 0;

    /// <summary>By topic, then by partition.</summary>
    public static bool operator <=(KafkaPartition left, KafkaPartition right) => left.CompareTo(right) <= 0;

    /// <summary>By topic, then by partition.</summary>
    public static bool operator >=(KafkaPartition left, KafkaPartition right) => left.CompareTo(right) >= 0;
}
