using FastStream;

namespace Acme;

/// <summary>An operator of one's own keeps something over batches: through failures, restarts, and other numbers of partitions.</summary>
public sealed class StatefulOperatorTests : IDisposable
{
    // A stop that is not at once makes one more batch, an empty one: the next run begins a second later.
    private readonly string _directory = Directory.CreateTempSubdirectory("acme-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 2, 2)]
    [InlineData(1, 5, 2)]
    [InlineData(7, 3, 4)]
    public async Task RunningCount_StartedAgainWithOtherPartitions_GoesOn(int first, int second, int third)
    {
        string[] words = [.. Enumerable.Range(0, 300).Select(i => $"word {i % 101}")];
        int runs = 0;
        foreach (int partitions in new[] { first, second, third })
        {
            await using StreamScenario scenario = Start(partitions, runs * 4);
            RecordedOutput<(string Key, long Value)> counts =
                scenario.Output(scenario.Input<string>([words, [], words]).KeyBy(word => word).RunningCount());
            await scenario.RunBatchesAsync(3);
            await scenario.Context.StopAsync();
            Assert.Empty(scenario.Failures);
            Dictionary<string, long> once = words.GroupBy(word => word).ToDictionary(group => group.Key, group => (long)group.Count());
            Assert.Equal(once.ToDictionary(each => each.Key, each => (2 * runs + 1) * each.Value),
                counts.Batches[0]!.ToDictionary(each => each.Key, each => each.Value));
            Assert.Empty(counts.Batches[1]!);
            Assert.Equal(once.ToDictionary(each => each.Key, each => (2 * runs + 2) * each.Value),
                counts.Batches[2]!.ToDictionary(each => each.Key, each => each.Value));
            runs++;
        }
    }

    [Fact]
    public async Task RunningCount_StoppedAtOnce_CountsEachBatchOnce()
    {
        for (int run = 0; run < 3; run++)
        {
            await using StreamScenario scenario = Start(2, run * 3, checkpointSeconds: 2);
            RecordedOutput<(string Key, long Value)> counts =
                scenario.Output(scenario.Input<string>([["a"], ["a"], ["a"]]).KeyBy(word => word).RunningCount());
            await scenario.RunBatchesAsync(3);
            Assert.Equal([3 * run + 1, 3 * run + 2, 3 * run + 3], counts.Batches.Select(batch => batch!.Single().Value));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task RunningCount_BatchFails_IsAsIfItHadNotBeen(int retries)
    {
        await using StreamScenario scenario =
            Start(2, 0, configure: options => options with
                { OnBatchFailure = BatchFailurePolicy.ReportAndContinue, BatchRetries = retries });
        int left = 1;
        RecordedOutput<(string Key, long Value)> counts =
            scenario.Output(scenario.Input<string>([["a"], ["a"], ["a"]]).KeyBy(word => word).RunningCount()
            .Map(pair => pair.Value == 2 && left-- > 0 ? throw new IOException("once") : pair));
        await scenario.RunAsync();
        Assert.Equal(retries == 0 ? [1, -1, 2] : [1, 2, 3], counts.Batches.Select(batch => batch?.Single().Value ?? -1));
    }

    [Fact]
    public async Task RunningCount_Behind_JoinsWithoutAnotherExchange()
    {
        await using var scenario = new StreamScenario(new StreamTestOptions { Partitions = 3 });
        DStream<(string Key, string Value)> pairs = scenario.Input<string>([["a", "b", "a"]]).KeyBy(word => word);
        RecordedOutput<(string Key, (long, long) Value)> joined =
            scenario.Output(pairs.RunningCount().Join(pairs.MapValues(_ => 1L).ReduceByKey((x, y) => x + y)));
        await scenario.RunAsync();
        Assert.Equal([("a", (2L, 2L)), ("b", (1L, 1L))], joined.Batches[0]!.OrderBy(pair => pair.Key));
        Assert.Equal(2, scenario.Context.Describe().Streams.Count(stream => stream.IsExchange));
    }

    [Theory]
    [InlineData(3, 3)]
    [InlineData(3, 1)]
    [InlineData(1, 3)]
    public async Task BatchNumber_KeptByNoKey_GoesOnByPartition(int first, int second)
    {
        await RunAsync(first, 0, 1);
        await RunAsync(second, 4, first < second ? 0 : 5);

        async Task RunAsync(int partitions, int afterTick, long expected)
        {
            await using StreamScenario scenario = Start(partitions, afterTick);
            RecordedOutput<long> numbers = scenario.Output(new BatchNumberStream(scenario.Input<int>([[], [], []])));
            await scenario.RunBatchesAsync(3);
            await scenario.Context.StopAsync();
            Assert.Equal(expected == 0 ? [5L, 1L, 1L] : Enumerable.Repeat(expected, partitions), numbers.Batches[0]!);
        }
    }

    [Fact]
    public async Task Start_KeyedStateBehindNoPartitionBy_IsRefused()
    {
        await using StreamScenario scenario = Start(2, 0);
        scenario.Output(new Unrouted(scenario.Input<string>([["a"]]).KeyBy(word => word)));
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(scenario.Context.Start);
        Assert.Contains("PartitionBy", error.Message, StringComparison.Ordinal);
    }

    private StreamScenario Start(int partitions, int afterTick, int checkpointSeconds = 100,
        Func<StreamingOptions, StreamingOptions>? configure = null) => new(new StreamTestOptions
    {
        Partitions = partitions,
        StartTime = DateTimeOffset.UnixEpoch.AddSeconds(afterTick),
        Configure = options =>
        {
            options = options with
                { Checkpoint = new CheckpointOptions { Directory = _directory, Interval = TimeSpan.FromSeconds(checkpointSeconds) } };
            return configure?.Invoke(options) ?? options;
        },
    });

    private sealed class Unrouted(DStream<(string Key, string Value)> parent)
        : DStream<(string Key, long Value)>(parent.Context, "Unrouted", parent)
    {
        protected override void Connect(GraphBuilder graph, Operator<(string Key, long Value)>[] outputs) =>
            graph.Attach(parent, this, partition => new RunningCountOperator<string>(outputs[partition]));
    }
}
