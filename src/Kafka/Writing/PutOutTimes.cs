using Confluent.Kafka;

namespace FastStream;

/// <summary>
/// Keeps the time of the batch that was put out last where its records are: as the committed offset of a group of the
/// output's own.
/// </summary>
/// <remarks>
/// The group has one offset, that of partition 0 of the output's topic, and its value is the batch's time in
/// milliseconds. It is committed in the batch's transaction, so that both are there or neither; nobody reads from it.
/// </remarks>
internal sealed class PutOutTimes : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly TopicPartition _place;
    private readonly IConsumer<Ignore, Ignore> _consumer;   // never reads; asks, and stands for the group

    public PutOutTimes(KafkaSinkOptions options, string group)
    {
        _place = new TopicPartition(options.Topic, 0);
        var config = new ConsumerConfig
            { GroupId = group, EnableAutoCommit = false, EnableAutoOffsetStore = false, IsolationLevel = IsolationLevel.ReadCommitted };
        KafkaClientConfig.Pass(options.BootstrapServers, KafkaClientConfig.ForAnyClient(options.Config), config);
        _consumer = new ConsumerBuilder<Ignore, Ignore>(config).SetLogHandler(static (_, _) => { })
            .SetErrorHandler(static (_, _) => { }).Build();
    }

    /// <summary>The time of the batch that was put out last; null where none was. Waits for a transaction whose end is under way.</summary>
    /// <exception cref="KafkaException">The brokers did not answer.</exception>
    public BatchTime? Last()
    {
        long offset = _consumer.Committed([_place], Timeout)[0].Offset.Value;
        return offset >= 0 ? new BatchTime(offset) : null;
    }

    /// <summary>Puts the batch's time into the open transaction.</summary>
    public void Send(IProducer<byte[]?, byte[]?> producer, BatchTime time, TimeSpan timeout) =>
        producer.SendOffsetsToTransaction([new TopicPartitionOffset(_place, time.Milliseconds)], _consumer.ConsumerGroupMetadata, timeout);

    public void Dispose() => _consumer.Dispose();
}
