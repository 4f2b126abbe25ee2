using Confluent.Kafka;

namespace FastStream;

/// <summary>Makes producers.</summary>
internal static class KafkaProducers
{
    public static IProducer<byte[]?, byte[]?> Make(KafkaSinkOptions options, string? transactionalId, Action<Error> onError)
    {
        var config = new ProducerConfig
        {
            Partitioner = Partitioner.Murmur2Random,   // as in Java's clients
            LingerMs = 5,
            SocketKeepaliveEnable = true,

            // Waits without limit for brokers that do not answer; a transaction has its own time-out.
            MessageTimeoutMs = transactionalId is null ? 0 : (int)options.TransactionTimeout.TotalMilliseconds,
        };
        KafkaClientConfig.Pass(options.BootstrapServers, options.Config, config);
        config.EnableIdempotence = true;
        if (transactionalId is not null)
        {
            config.TransactionalId = transactionalId;
            config.TransactionTimeoutMs = (int)options.TransactionTimeout.TotalMilliseconds;
        }

        return new ProducerBuilder<byte[]?, byte[]?>(config)
            .SetErrorHandler((_, error) => onError(error))
            .SetLogHandler(static (_, _) => { })
            .SetKeySerializer(AsIs.Instance)
            .SetValueSerializer(AsIs.Instance)
            .Build();
    }

    private sealed class AsIs : ISerializer<byte[]?>
    {
        public static readonly AsIs Instance = new();

        public byte[] Serialize(byte[]? data, SerializationContext context) => data!;
    }
}
