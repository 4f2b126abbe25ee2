namespace FastStream;

/// <summary>Writes streams to Kafka topics.</summary>
public static class ToKafkaExtensions
{
    /// <summary>
    /// Writes every record of the stream to Kafka: at least once, or exactly once, with a transaction for each batch.
    /// </summary>
    /// <remarks>
    /// Records of one stream partition keep their order in each topic partition. The murmur2 hash of a key, as in
    /// Java's clients, chooses the topic partition. A batch is output when the brokers have confirmed it; the output
    /// waits for brokers that do not answer, and listeners are warned. With exactly once, the transaction also commits
    /// the batch's time, so that after a crash Kafka alone says whether a batch was output; empty batches make no
    /// transaction; a second program with the same job and output name fences the first, which stops.
    /// </remarks>
    /// <example><code>counts.ToKafka(new KafkaSinkOptions { BootstrapServers = "localhost:9092", Topic = "counts" },
    /// each => new KafkaMessage(each.Key, each.Value.ToString()));</code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="options">Where to write, and with which guarantee.</param>
    /// <param name="message">Makes a message from a record. If it throws, the batch fails.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range; the message says which and what is
    /// expected.</exception>
    /// <exception cref="ArgumentException">Exactly once was requested without checkpoints, or under a name that another
    /// output of the context has.</exception>
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
