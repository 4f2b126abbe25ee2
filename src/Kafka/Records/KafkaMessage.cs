namespace FastStream;

/// <summary>A record to be written to Kafka.</summary>
/// <example><code>counts.ToKafka(sink, each => new KafkaMessage(each.Key, each.Value.ToString()));</code></example>
/// <param name="Key">The key, which says the partition; null for none.</param>
/// <param name="Value">The value; null for a tombstone, which takes the key's records away from a compacted topic.</param>
public readonly record struct KafkaMessage(KafkaData Key, KafkaData Value)
{
    /// <summary>A record without a key.</summary>
    /// <param name="value">The value.</param>
    public KafkaMessage(KafkaData value)
        : this(KafkaData.Null, value)
    {
    }

    /// <summary>The topic; null (default) for the output's.</summary>
    public string? Topic { get; init; }

    /// <summary>
    /// The partition, from 0; null (default) for the one that the key's murmur2 hash names, as Java's clients do it,
    /// and any where there is no key.
    /// </summary>
    public int? Partition { get; init; }

    /// <summary>The record's time; null (default) for when it is written.</summary>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>Headers, in order; null (default) for none.</summary>
    public IReadOnlyList<KeyValuePair<string, KafkaData>>? Headers { get; init; }
}
