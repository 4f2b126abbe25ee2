using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace FastStream;

/// <summary>
/// Makes a key or value from its bytes. Partitions call it from several threads; it is not called for null.
/// </summary>
/// <param name="bytes">The bytes as a text over received memory, valid as long as the batch;
/// <see cref="Utf8Text.Span"/> gives them.</param>
/// <returns>The key or value. An exception fails the batch, with topic, partition and offset in the message.</returns>
/// <typeparam name="T">The key or value.</typeparam>
public delegate T KafkaDeserializer<out T>(Utf8Text bytes);

/// <summary>Deserializers for common formats.</summary>
public static class KafkaDeserializers
{
    /// <summary>The bytes as they are.</summary>
    public static KafkaDeserializer<Utf8Text> Utf8 { get; } = static bytes => bytes;

    /// <summary>UTF-8 as a string.</summary>
    public static KafkaDeserializer<string> Text { get; } = static bytes => bytes.ToString();

    /// <summary>The bytes, copied into an array.</summary>
    public static KafkaDeserializer<byte[]> Bytes { get; } = static bytes => bytes.ToArray();

    /// <summary>Eight bytes, big-endian, as Java's LongSerializer writes them.</summary>
    public static KafkaDeserializer<long> Int64BigEndian { get; } = static bytes => bytes.Length == 8
        ? System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(bytes.Span)
        : throw new FormatException($"{bytes.Length} bytes were found; 8 are expected for a whole number of 64 bits.");

    /// <summary>Four bytes, big-endian, as Java's IntegerSerializer writes them.</summary>
    public static KafkaDeserializer<int> Int32BigEndian { get; } = static bytes => bytes.Length == 4
        ? System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(bytes.Span)
        : throw new FormatException($"{bytes.Length} bytes were found; 4 are expected for a whole number of 32 bits.");

    /// <summary>JSON, by a type's contract.</summary>
    /// <param name="type">The contract, such as <c>OrdersJson.Default.Order</c>.</param>
    public static KafkaDeserializer<T> Json<T>(JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return bytes => JsonSerializer.Deserialize(bytes.Span, type)!;
    }
}
