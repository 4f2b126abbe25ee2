using Confluent.Kafka;

namespace FastStream;

/// <summary>Reads what a consumer group assigns to this member.</summary>
internal sealed class GroupReader : KafkaReader
{
    private readonly KafkaReceiverOptions _options;
    private bool _isPaused;   // whether all assigned partitions are paused

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
                // The member must keep polling to stay in its group: it asks for records and gets none.
                _isPaused = true;
                Consumer.Pause(Consumer.Assignment);
            }

            Drain(_isPaused ? 10 : 100);
        }
    }

    // Happens only where a setting passed to the client makes the lack of an offset an error.
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

    // Another member reads the records that were read here and are in no batch yet. Records in a batch are output here,
    // and by the other member too unless their offsets are committed in time.
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

    /// <summary>Forwards the client's calls to the reader, which is made after the client.</summary>
    private sealed class Rebalances
    {
        public GroupReader? Reader { get; set; }

        public void AddTo(ConsumerBuilder<CopiedKey, CopiedValue> builder) => builder
            .SetPartitionsAssignedHandler((_, partitions) => Reader!.OnAssigned(partitions))
            .SetPartitionsRevokedHandler((_, partitions) => Reader!.OnRevoked(partitions.Select(each => each.TopicPartition)))
            .SetPartitionsLostHandler((_, partitions) => Reader!.OnRevoked(partitions.Select(each => each.TopicPartition)));
    }
}
