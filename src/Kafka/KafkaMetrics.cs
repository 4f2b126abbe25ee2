using System.Diagnostics.Metrics;
using Confluent.Kafka;

namespace FastStream;

/// <summary>Metrics of Kafka streams and outputs, under the meter <see cref="MeterName"/>.</summary>
public sealed class KafkaMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "FastStream.Kafka";

    private readonly Meter _meter;

    internal KafkaMetrics(StreamingContext context, string stream, KafkaReader reader, KafkaPrefetch prefetch, KafkaEvents events)
    {
        _meter = Make(context, "faststream.stream", stream);
        _meter.CreateObservableGauge("faststream.kafka.lag", () => Lags(reader, prefetch), "{record}",
            "Offsets between what batches have and the end of the partition.");
        _meter.CreateObservableGauge("faststream.kafka.prefetched", () => prefetch.Budget.Bytes, "By",
            "Bytes read ahead and in batches under way.");
        _meter.CreateObservableCounter("faststream.kafka.lost_records", () => events.LostRecords, "{record}",
            "Records that were gone before they were read, left out by policy.");
        _meter.CreateObservableCounter("faststream.kafka.rebalances", () => events.Rebalances, "{rebalance}",
            "Times that partitions were assigned or revoked by the group.");
    }

    internal KafkaMetrics(StreamingContext context, KafkaSink sink)
    {
        _meter = Make(context, "faststream.output", sink.Options.Topic);
        Transactions =
            _meter.CreateHistogram<double>("faststream.kafka.transaction.duration", "s",
                "Time from a transaction's begin to the brokers' answer to its commit.");
        _meter.CreateObservableCounter("faststream.kafka.refused_records", () => sink.Events.RefusedRecords, "{record}",
            "Records that the client or the brokers refused, left out by policy.");
    }

    internal Histogram<double>? Transactions { get; }

    /// <summary>Ends the metrics.</summary>
    public void Dispose() => _meter.Dispose();

    private static Meter Make(StreamingContext context, string what, string name) =>
        new(MeterName, null, [new("faststream.job.name", context.Options.Name), new(what, name)]);

    /// <summary>
    /// Sums the offsets between what batches have and the end of the partition, over all partitions whose end the
    /// client knows; null where it knows none.
    /// </summary>
    internal static long? LagOf(KafkaReader reader, KafkaPrefetch prefetch)
    {
        long? sum = null;
        foreach ((_, long lag) in KnownLags(reader, prefetch))
        {
            sum = (sum ?? 0) + lag;
        }

        return sum;
    }

    private static List<Measurement<long>> Lags(KafkaReader reader, KafkaPrefetch prefetch) =>
    [
        .. KnownLags(reader, prefetch)
            .Select(known => new Measurement<long>(known.Lag, new("topic", known.Id.Topic), new("partition", known.Id.Partition))),
    ];

    // Uses only what the client knows already; skips partitions whose end it does not know.
    private static IEnumerable<(KafkaPartition Id, long Lag)> KnownLags(KafkaReader reader, KafkaPrefetch prefetch)
    {
        foreach ((KafkaPartition id, long next) in prefetch.Positions())
        {
            long end = EndOf(reader, id);
            if (end >= 0)
            {
                yield return (id, Math.Max(0, end - next));
            }
        }
    }

    private static long EndOf(KafkaReader reader, KafkaPartition id)
    {
        try
        {
            return reader.Consumer.GetWatermarkOffsets(new TopicPartition(id.Topic, id.Partition)).High.Value;
        }
        catch (KafkaException)
        {
            return -1;   // nothing was read of it yet
        }
        catch (ObjectDisposedException)
        {
            return -1;
        }
    }
}
