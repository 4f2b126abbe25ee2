using System.Runtime.CompilerServices;

namespace FastStream;

/// <summary>Makes records from copied bytes, a span at a time. Safe from any thread.</summary>
/// <param name="key">Makes keys; null where they are texts over the block.</param>
/// <param name="value">Makes values; null where they are texts over the block.</param>
internal sealed class KafkaDecoder<TKey, TValue>(KafkaDeserializer<TKey>? key, KafkaDeserializer<TValue>? value)
{
    /// <summary>
    /// Chooses the stream partition for a topic partition that must stay whole: its number plus an offset for the
    /// topic. The result is the same in every run.
    /// </summary>
    public static int PlaceOf(KafkaPartition id)
    {
        uint hash = 0;
        foreach (char letter in id.Topic)
        {
            hash = (hash * 31) + letter;
        }

        return (int)((hash + (uint)id.Partition) & int.MaxValue);
    }

    public void Decode(KafkaRange range, Block block, ReadOnlySpan<RawRecord> records, RecordBuffer<KafkaRecord<TKey, TValue>> output)
    {
        while (!records.IsEmpty)
        {
            ReadOnlySpan<RawRecord> some = records[..Math.Min(records.Length, RecordBuffer.SpanRecords)];
            DecodeSpan(range, block, some, output.GetSpan(some.Length));
            output.Advance(some.Length);
            records = records[some.Length..];
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void DecodeSpan(KafkaRange range, Block block, ReadOnlySpan<RawRecord> records, Span<KafkaRecord<TKey, TValue>> output)
    {
        KafkaDeserializer<TKey>? makeKey = key;
        KafkaDeserializer<TValue>? makeValue = value;
        Utf8Text topic = range.Topic;
        int partition = range.Id.Partition;
        for (int i = 0; i < records.Length; i++)
        {
            ref readonly RawRecord record = ref records[i];
            int valueStart = record.Start + Math.Max(0, record.KeyLength);
            int headersStart = valueStart + Math.Max(0, record.ValueLength);
            output[i] = new KafkaRecord<TKey, TValue>
            {
                Key = record.KeyLength < 0
                    ? default! : Make(makeKey, Utf8Text.Over(block, record.Start, record.KeyLength), range, record.Offset, "key"),
                Value = record.ValueLength < 0
                    ? default! : Make(makeValue, Utf8Text.Over(block, valueStart, record.ValueLength), range, record.Offset, "value"),
                HasKey = record.KeyLength >= 0,
                HasValue = record.ValueLength >= 0,
                Headers = record.HeadersLength == 0 ? default : new KafkaHeaders(Utf8Text.Over(block, headersStart, record.HeadersLength)),
                Topic = topic,
                Partition = partition,
                Offset = record.Offset,
                TimestampMilliseconds = record.TimestampMs,
            };
        }
    }

    private static T Make<T>(KafkaDeserializer<T>? make, Utf8Text bytes, KafkaRange range, long offset, string what)
    {
        if (make is null)
        {
            return Unsafe.As<Utf8Text, T>(ref bytes);   // T is Utf8Text where there is no deserializer
        }

        try
        {
            return make(bytes);
        }
        catch (Exception error)
        {
            throw new KafkaStreamException(
                $"The {what} of {range.Id}@{offset} ({bytes.Length} bytes) is not what its deserializer expects: "
                    + $"{error.Message} Read it as bytes (KafkaDeserializers.Utf8) and parse it in an operator with "
                    + "OnError to leave such records out.",
                error);
        }
    }
}
