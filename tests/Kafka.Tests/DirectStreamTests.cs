using System.Collections.Concurrent;
using Confluent.Kafka;

namespace FastStream.Tests.Kafka;

/// <summary>The direct stream from a cluster into a count.</summary>
public sealed class DirectStreamTests
{
    [Fact]
    public async Task KafkaStream_RecordsOfSeveralPartitions_AreCountedOnce()
    {
        using var cluster = new MockCluster();
        using (IProducer<string?, string?> producer =
            new ProducerBuilder<string?, string?>(new ProducerConfig { BootstrapServers = cluster.Servers }).Build())
        {
            for (int i = 0; i < 1000; i++)
            {
                producer.Produce("words", new Message<string?, string?>
                    { Key = $"key {i}", Value = $"a value of more than fifteen bytes {i % 10}" });
            }

            producer.Flush(TimeSpan.FromSeconds(30));
        }

        var counts = new ConcurrentDictionary<string, long>();
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var context = new StreamingContext(TimeSpan.FromMilliseconds(20));
        context.KafkaStream(new KafkaSourceOptions
            { BootstrapServers = cluster.Servers, Topics = ["words"], StartFrom = KafkaStart.Earliest })
            .Map(record => record.Value)
            .CountByValue()
            .ForEachBatch((batch, _) =>
            {
                foreach ((Utf8Text key, long count) in batch)
                {
                    counts.AddOrUpdate(key.ToString(), count, (_, before) => before + count);
                }

                if (counts.Values.Sum() >= 1000)
                {
                    all.TrySetResult();
                }
            });
        context.Start();
        await Task.WhenAny(all.Task, context.Completion).WaitAsync(TimeSpan.FromSeconds(60));
        await context.StopAsync();
        await context.Completion;
        Assert.Equal(10, counts.Count);
        Assert.All(counts.Values, count => Assert.Equal(100, count));
    }
}
