using Confluent.Kafka;

namespace FastStream;

/// <summary>Turns the start of a partition into an offset.</summary>
internal sealed class StartOffsets(IConsumer<CopiedKey, CopiedValue> consumer)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <exception cref="KafkaException">The brokers did not answer.</exception>
    public long Of(KafkaPartition id, KafkaStart start)
    {
        var partition = new TopicPartition(id.Topic, id.Partition);
        if (start.Given is { } given)
        {
            return given.TryGetValue(id, out long offset) ? offset : Oldest(id);
        }

        if (start == KafkaStart.Latest)
        {
            return Newest(id);
        }

        if (start == KafkaStart.Committed)
        {
            TopicPartitionOffset committed = consumer.Committed([partition], Timeout)[0];
            return committed.Offset.Value >= 0 ? committed.Offset.Value : Oldest(id);
        }

        if (start == KafkaStart.Earliest)
        {
            return Oldest(id);
        }

        var time = new TopicPartitionTimestamp(partition, new Timestamp(start.Time));
        long found = consumer.OffsetsForTimes([time], Timeout)[0].Offset.Value;
        return found >= 0 ? found : Newest(id);
    }

    public long Oldest(KafkaPartition id) => Watermarks(id).Low.Value;

    public long Newest(KafkaPartition id) => Watermarks(id).High.Value;

    public WatermarkOffsets Watermarks(KafkaPartition id) =>
        consumer.QueryWatermarkOffsets(new TopicPartition(id.Topic, id.Partition), Timeout);
}
