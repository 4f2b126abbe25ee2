using Confluent.Kafka;

namespace FastStream.Tests.Kafka;

/// <summary>
/// A cluster inside of the client library, on loopback, as long as it is not disposed. Topics are made by asking for
/// them, with four partitions.
/// </summary>
public sealed class MockCluster : IDisposable
{
    private readonly IProducer<byte[]?, byte[]?> _producer;

    public MockCluster()
    {
        _producer = new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig
        {
            BootstrapServers = "mock",
            TopicMetadataRefreshIntervalMs = 1000,
        }.With("test.mock.num.brokers", "1")).SetLogHandler((_, _) => { }).Build();
        using IAdminClient admin = new DependentAdminClientBuilder(_producer.Handle).Build();
        Servers = string.Join(',', admin.GetMetadata(TimeSpan.FromSeconds(10)).Brokers.Select(broker => $"{broker.Host}:{broker.Port}"));
    }

    public string Servers { get; }

    public void Dispose() => _producer.Dispose();
}

internal static class ConfigExtensions
{
    public static ProducerConfig With(this ProducerConfig config, string key, string value)
    {
        config.Set(key, value);
        return config;
    }
}
