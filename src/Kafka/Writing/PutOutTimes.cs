using Confluent.Kafka;

namespace FastStream;

/// <summary>
/// Stores the time of the last committed batch in Kafka, where its records are: as the committed offset of a group that
/// belongs to the output.
/// </summary>
/// <remarks>
/// The group has one offset, for partition 0 of the output's topic; its value is the batch's time in milliseconds. The
/// batch's transaction commits it, so that Kafka has both or neither; nobody reads from it.
/// </remarks>
internal sealed class PutOutTimes : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly TopicPartition _place;
    private readonly IConsumer<Ignore, Ignore> _consumer;   // reads no records; it asks for offsets, and represents the group

    public PutOutTimes(KafkaSinkOptions options, string group)
    {
        _place = new TopicPartition(options.Topic, 0);
        var config = new ConsumerConfig
            { GroupId = group, EnableAutoCommit = false, EnableAutoOffsetStore = false, IsolationLevel = IsolationLevel.ReadCommitted };
        KafkaClientConfig.Pass(options.BootstrapServers, KafkaClientConfig.ForAnyClient(options.Config), config);
        _consumer = new ConsumerBuilder<Ignore, Ignore>(config).SetLogHandler(static (_, _) => { })
            .SetErrorHandler(static (_, _) => { }).Build();
    }

    /// <summary>
    /// Returns the time of the last committed batch; null where there is none. Waits for a transaction that is being
    /// ended.
    /// </summary>
    /// <exception cref="KafkaException">The brokers did not answer.</exception>
    public BatchTime? Last()
    {
        long offset = _consumer.Committed([_place], Timeout)[0].Offset.Value;
        return offset >= 0 ? new BatchTime(offset) : null;
    }

    /// <summary>Adds the batch's time to the open transaction.</summary>
    public void Send(IProducer<byte[]?, byte[]?> producer, BatchTime time, TimeSpan timeout) =>
        producer.SendOffsetsToTransaction([new TopicPartitionOffset(_place, time.Milliseconds)], _consumer.ConsumerGroupMetadata, timeout);

    public void Dispose() => _consumer.Dispose();
}
