namespace FastStream;

/// <summary>Writes streams to Kafka's topics.</summary>
public static class ToKafkaExtensions
{
    /// <summary>Writes every record of the stream to Kafka: at least once, or exactly once, where a batch is a transaction.</summary>
    /// <remarks>
    /// The order of a partition of the stream is kept in a partition of the topic. Keys go to partitions by Java's
    /// murmur2 hash. A batch is put out when the brokers have confirmed it; brokers that do not answer are waited for,
    /// and listeners hear of it. Exactly once, the batch's time is committed in the transaction, so that after a crash
    /// Kafka alone says whether a batch was put out; empty batches make no transaction; a second program with the same
    /// job and output name fences the first, which stops.
    /// </remarks>
    /// <example><code>counts.ToKafka(new KafkaSinkOptions { BootstrapServers = "localhost:9092", Topic = "counts" },
    /// each => new KafkaMessage(each.Key, each.Value.ToString()));</code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="options">Where to, and what is promised.</param>
    /// <param name="message">Makes a message of a record. What it throws fails the batch.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range; the message says which and what is
    /// expected.</exception>
    /// <exception cref="ArgumentException">Exactly once without checkpoints, or under a name that another output of the
    /// context has.</exception>
    public static OutputOperation ToKafka<T>(this DStream<T> stream, KafkaSinkOptions options, Func<T, KafkaMessage> message)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(message);
        options = (options with { }).Validated(stream.Context);
        if (options.Delivery == KafkaDelivery.AtLeastOnce)
        {
            return stream.WriteTo(new KafkaWriter<T>(stream.Context, options, message), "ToKafka");
        }

        SinkNames.Claim(stream.Context, options.Identity(stream.Context));
        return stream.WriteTo(new KafkaTransactionWriter<T>(stream.Context, options, message), "ToKafka");
    }
}
