using Confluent.Kafka;

namespace FastStream;

/// <summary>Reads what a consumer group assigns to this member.</summary>
internal sealed class GroupReader : KafkaReader
{
    private readonly KafkaReceiverOptions _options;
    private bool _isPaused;   // everything that is assigned

    public GroupReader(KafkaReceiverOptions options, KafkaPrefetch prefetch, KafkaEvents events)
        : this(options, prefetch, events, new Rebalances())
    {
    }

    private GroupReader(KafkaReceiverOptions options, KafkaPrefetch prefetch, KafkaEvents events, Rebalances rebalances)
        : base(KafkaClientConfig.Receiver(options), options.Topics.Count == 1 && options.TopicPattern is null
            ? options.Topics[0] : null, prefetch, events, rebalances.AddTo)
    {
        _options = options;
        rebalances.Reader = this;
    }

    protected override void Read()
    {
        Consumer.Subscribe(_options.TopicPattern is { } pattern ? [$"^(?:{pattern})$"] : _options.Topics);
        while (!Stopping.IsCancellationRequested)
        {
            StoreDone();
            if (_isPaused)
            {
                ResumeIfThereIsRoom();
            }
            else if (Prefetch.Budget.IsFull && !Prefetch.Budget.Wait(RoomWait, Stopping))
            {
                // The group must go on hearing of this member: it asks for records, and gets none.
                _isPaused = true;
                Consumer.Pause(Consumer.Assignment);
            }

            Drain(_isPaused ? 10 : 100);
        }
    }

    // Only where the group's own rule for a start without an offset is "error", by a setting that is passed on.
    protected override void OnLost(PartitionBuffer buffer, ConsumeException error) =>
        throw new KafkaStreamException($"{buffer.Id}: {error.Error.Reason}, and auto.offset.reset says that this is an error.", error);

    private void ResumeIfThereIsRoom()
    {
        if (Prefetch.Budget.IsHalfEmpty)
        {
            _isPaused = false;
            Consumer.Resume(Consumer.Assignment);
        }
    }

    private void OnAssigned(IEnumerable<TopicPartition> partitions)
    {
        KafkaPartition[] ids = [.. partitions.Select(Id)];
        foreach (KafkaPartition id in ids)
        {
            Prefetch.Remove(id);
            Add(id, Prefetch.Begin(id, static () => 0).Buffer);
        }

        Events.Rebalanced($"Partitions were assigned: {string.Join(", ", ids.Order())}.");
    }

    // What was read and is in no batch yet is read by another member; what is in a batch is put out here, and by the
    // other too unless the group is told in time.
    private void OnRevoked(IEnumerable<TopicPartition> partitions)
    {
        KafkaPartition[] ids = [.. partitions.Select(Id)];
        StoreDone();
        foreach (KafkaPartition id in ids)
        {
            Remove(id);
            Prefetch.Remove(id);
        }

        Events.Rebalanced($"Partitions were revoked: {string.Join(", ", ids.Order())}.");
    }

    private static KafkaPartition Id(TopicPartition partition) => new(partition.Topic, partition.Partition.Value);

    /// <summary>Hands the client's calls on to the reader, which is made after the client.</summary>
    private sealed class Rebalances
    {
        public GroupReader? Reader { get; set; }

        public void AddTo(ConsumerBuilder<CopiedKey, CopiedValue> builder) => builder
            .SetPartitionsAssignedHandler((_, partitions) => Reader!.OnAssigned(partitions))
            .SetPartitionsRevokedHandler((_, partitions) => Reader!.OnRevoked(partitions.Select(each => each.TopicPartition)))
            .SetPartitionsLostHandler((_, partitions) => Reader!.OnRevoked(partitions.Select(each => each.TopicPartition)));
    }
}
