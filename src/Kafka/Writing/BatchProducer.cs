using Confluent.Kafka;

namespace FastStream;

/// <summary>Passes the records of a batch to a producer, partition by partition, in order.</summary>
internal sealed class BatchProducer<T>(KafkaSinkOptions options, Func<T, KafkaMessage> message)
{
    /// <summary>Writes all records except the excluded ones; waits while the client's queue is full.</summary>
    /// <param name="producer">The producer.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="leftOut">Numbers of records that are not written.</param>
    /// <param name="deliveries">Follows each record's delivery; null where the outcome of the transaction is
    /// enough.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public void Produce(IProducer<byte[]?, byte[]?> producer, Batch<T> batch, IReadOnlySet<long> leftOut,
        Deliveries? deliveries, CancellationToken cancellation)
    {
        long index = 0;
        foreach (ReadOnlyMemory<T> block in batch.Blocks)
        {
            foreach (ref readonly T record in block.Span)
            {
                if (!leftOut.Contains(index))
                {
                    Produce(producer, message(record), index, deliveries, cancellation);
                }

                index++;
            }
        }
    }

    private void Produce(IProducer<byte[]?, byte[]?> producer, KafkaMessage message, long index, Deliveries? deliveries,
        CancellationToken cancellation)
    {
        var record = new Message<byte[]?, byte[]?> { Key = message.Key.ToArray(), Value = message.Value.ToArray() };
        if (message.Timestamp is { } time)
        {
            record.Timestamp = new Timestamp(time);
        }

        if (message.Headers is { Count: > 0 } headers)
        {
            record.Headers = [];
            foreach ((string name, KafkaData value) in headers)
            {
                record.Headers.Add(name, value.ToArray());
            }
        }

        var place = new TopicPartition(message.Topic ?? options.Topic, message.Partition is { } partition
            ? new Partition(partition) : Partition.Any);
        Action<DeliveryReport<byte[]?, byte[]?>>? onDelivery = deliveries?.Expect(index);
        while (true)
        {
            try
            {
                producer.Produce(place, record, onDelivery);
                return;
            }
            catch (ProduceException<byte[]?, byte[]?> error) when (error.Error.Code == ErrorCode.Local_QueueFull)
            {
                cancellation.ThrowIfCancellationRequested();
                producer.Poll(TimeSpan.FromMilliseconds(100));
            }
            catch (ProduceException<byte[]?, byte[]?> error) when (deliveries is not null && Deliveries.IsRefusal(error.Error))
            {
                deliveries.NotTaken(index, error.Error, $"{place.Topic}[{place.Partition.Value}]");
                return;
            }
        }
    }
}
