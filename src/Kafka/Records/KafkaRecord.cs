namespace FastStream;

/// <summary>A record of a Kafka topic, with where it came from.</summary>
/// <remarks>
/// Keys, values and headers that are <see cref="Utf8Text"/> lie in received bytes and end with their batch; what must
/// live longer becomes a string or an array. A null key or value is the default of its type, and told by
/// <see cref="HasKey"/> and <see cref="HasValue"/>. Immutable; safe from any thread while valid.
/// </remarks>
/// <typeparam name="TKey">The key.</typeparam>
/// <typeparam name="TValue">The value.</typeparam>
public readonly record struct KafkaRecord<TKey, TValue>
{
    /// <summary>The key; the default where it is null.</summary>
    public TKey Key { get; init; }

    /// <summary>The value; the default where it is null: a tombstone.</summary>
    public TValue Value { get; init; }

    /// <summary>The topic's name. It does not end with the batch.</summary>
    public Utf8Text Topic { get; init; }

    /// <summary>The record's headers; empty unless <see cref="KafkaSourceOptions.Headers"/> asks for them.</summary>
    public KafkaHeaders Headers { get; init; }

    /// <summary>The record's place in its partition, from 0.</summary>
    public long Offset { get; init; }

    /// <summary>The record's time by producer or broker, in milliseconds since 1970 UTC; 0 where it has none.</summary>
    public long TimestampMilliseconds { get; init; }

    /// <summary>The topic's partition, from 0.</summary>
    public int Partition { get; init; }

    /// <summary>Whether the key is not null.</summary>
    public bool HasKey { get; init; }

    /// <summary>Whether the value is not null; a record without one is a tombstone.</summary>
    public bool HasValue { get; init; }

    /// <summary>The record's time by producer or broker; 1970 where it has none.</summary>
    public DateTimeOffset Timestamp => DateTimeOffset.FromUnixTimeMilliseconds(TimestampMilliseconds);

    /// <summary>Topic, partition and offset, such as <c>orders[3]@1200</c>.</summary>
    public string Place => $"{Topic}[{Partition}]@{Offset}";
}
