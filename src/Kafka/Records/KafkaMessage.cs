namespace FastStream;

/// <summary>A record to write to Kafka.</summary>
/// <example><code>counts.ToKafka(sink, each => new KafkaMessage(each.Key, each.Value.ToString()));</code></example>
/// <param name="Key">The key, which determines the partition; null for none.</param>
/// <param name="Value">The value; null for a tombstone, which deletes the key's records from a compacted topic.</param>
public readonly record struct KafkaMessage(KafkaData Key, KafkaData Value)
{
    /// <summary>Makes a record without a key.</summary>
    /// <param name="value">The value.</param>
    public KafkaMessage(KafkaData value)
        : this(KafkaData.Null, value)
    {
    }

    /// <summary>The topic; null (default) for the output's.</summary>
    public string? Topic { get; init; }

    /// <summary>
    /// The partition, from 0; null (default) for the one chosen by the key's murmur2 hash, as in Java's clients, or for
    /// any partition where there is no key.
    /// </summary>
    public int? Partition { get; init; }

    /// <summary>The record's time; null (default) for the time of writing.</summary>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>Headers, in order; null (default) for none.</summary>
    public IReadOnlyList<KeyValuePair<string, KafkaData>>? Headers { get; init; }
}
