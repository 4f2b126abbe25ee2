using Confluent.Kafka;

namespace FastStream.Samples.KafkaWordCount;

/// <summary>
/// librdkafka's mock cluster, inside this process and on loopback, and a thread that writes sentences to it: for trying
/// a program where there is no broker.
/// </summary>
internal sealed class PlayCluster : IDisposable
{
    private static readonly string[] Words = ["the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog"];

    private readonly IProducer<Null, string> _cluster;
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _writing;

    /// <param name="from">The topic to which the thread writes sentences.</param>
    /// <param name="to">Another topic to create.</param>
    public PlayCluster(string from, string to)
    {
        var config = new ProducerConfig { BootstrapServers = "none" };
        config.Set("test.mock.num.brokers", "1");
        _cluster = new ProducerBuilder<Null, string>(config).SetLogHandler((_, _) => { }).Build();
        using IAdminClient admin = new DependentAdminClientBuilder(_cluster.Handle).Build();
        Servers = string.Join(',', admin.GetMetadata(TimeSpan.FromSeconds(10)).Brokers.Select(broker => $"{broker.Host}:{broker.Port}"));
        // the first record creates a topic
        _cluster.ProduceAsync(to, new Message<Null, string> { Value = "" }).GetAwaiter().GetResult();
        _cluster.ProduceAsync(from, new Message<Null, string> { Value = "the first sentence" }).GetAwaiter().GetResult();
        _writing = new Thread(() => Write(from)) { IsBackground = true };
        _writing.Start();
    }

    public string Servers { get; }

    /// <summary>A directory that is removed with the cluster.</summary>
    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("kafka-word-count-").FullName;

    public void Dispose()
    {
        _stop.Cancel();
        _writing.Join();
        _cluster.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private void Write(string topic)
    {
        var random = new Random(1);
        while (!_stop.IsCancellationRequested)
        {
            for (int i = 0; i < 1000; i++)
            {
                _cluster.Produce(topic, new Message<Null, string> { Value = string.Join(' ', random.GetItems(Words, 6)) });
            }

            _cluster.Flush(_stop.IsCancellationRequested ? TimeSpan.Zero : TimeSpan.FromSeconds(10));
            _stop.Token.WaitHandle.WaitOne(100);   // ten thousand sentences a second are enough to watch
        }
    }
}
