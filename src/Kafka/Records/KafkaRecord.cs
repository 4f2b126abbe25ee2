namespace FastStream;

/// <summary>A record of a Kafka topic, with its origin.</summary>
/// <remarks>
/// Keys, values and headers that are <see cref="Utf8Text"/> point into received bytes and are valid only as long as
/// their batch; to keep one longer, copy it to a string or an array. A null key or value is the default of its type;
/// <see cref="HasKey"/> and <see cref="HasValue"/> tell it apart. Immutable; safe from any thread while valid.
/// </remarks>
/// <typeparam name="TKey">The key.</typeparam>
/// <typeparam name="TValue">The value.</typeparam>
public readonly record struct KafkaRecord<TKey, TValue>
{
    /// <summary>The key; the default where it is null.</summary>
    public TKey Key { get; init; }

    /// <summary>The value; the default where it is null: a tombstone.</summary>
    public TValue Value { get; init; }

    /// <summary>The topic's name. It stays valid after the batch.</summary>
    public Utf8Text Topic { get; init; }

    /// <summary>The record's headers; empty unless <see cref="KafkaSourceOptions.Headers"/> is set.</summary>
    public KafkaHeaders Headers { get; init; }

    /// <summary>The record's offset in its partition, from 0.</summary>
    public long Offset { get; init; }

    /// <summary>
    /// The record's time, set by its producer or a broker, in milliseconds since the Unix epoch; 0 where it has none.
    /// </summary>
    public long TimestampMilliseconds { get; init; }

    /// <summary>The topic's partition, from 0.</summary>
    public int Partition { get; init; }

    /// <summary>Whether the key is not null.</summary>
    public bool HasKey { get; init; }

    /// <summary>Whether the value is not null; a record without one is a tombstone.</summary>
    public bool HasValue { get; init; }

    /// <summary>The record's time, set by its producer or a broker; the Unix epoch where it has none.</summary>
    public DateTimeOffset Timestamp => DateTimeOffset.FromUnixTimeMilliseconds(TimestampMilliseconds);

    /// <summary>Topic, partition and offset, such as <c>orders[3]@1200</c>.</summary>
    public string Place => $"{Topic}[{Partition}]@{Offset}";
}
