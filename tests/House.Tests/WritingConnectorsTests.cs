using FastStream.Tests.House.Guide;

namespace FastStream.Tests.House;

/// <summary>What the guide's pages on states, sources and sinks show keeps its contracts.</summary>
public sealed class WritingConnectorsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Changed_ThreeBatches_GivesValuesThatAreNew(int partitions) =>
        Assert.Equal(
            [[("a", 1), ("b", 1)], [("a", 2)], []],
            StreamTest.Run<(string Key, long Value), (string Key, long Value)>(
                [[("a", 1), ("b", 1), ("a", 1)], [("a", 2), ("b", 1)], []],
                pairs => pairs.Changed(),
                new StreamTestOptions { Partitions = partitions }).Select(batch => batch!.Order().ToArray()));

    [Fact]
    public async Task Changed_AfterARestartInOtherPartitions_KnowsTheLastValues()
    {
        using var place = new Place();
        Assert.Equal([[("a", 1), ("b", 1)], [("c", 3)]], await RunAsync(0, 2, [[("a", 1), ("b", 1)], [("c", 3)]]));
        Assert.Equal([[("b", 2), ("d", 4)]], await RunAsync(2, 5, [[("a", 1), ("b", 2), ("c", 3), ("d", 4)]]));

        async Task<IEnumerable<(string Key, long Value)[]>> RunAsync(int second, int partitions, (string Key, long Value)[][] batches)
        {
            var checkpoint = new CheckpointOptions { Directory = place.Path };
            await using var scenario = new StreamScenario(new StreamTestOptions
            {
                StartTime = DateTimeOffset.UnixEpoch.AddSeconds(second),
                Partitions = partitions,
                Configure = options => options with { Checkpoint = checkpoint },
            });
            var output = scenario.Output(scenario.Input(batches).Changed().Named("changed"));
            await scenario.RunAsync();
            return output.Batches.Select(batch => batch!.Order().ToArray());
        }
    }

    public sealed class FileSinkContract : SinkContract<string>, IDisposable
    {
        private readonly Place _place = new();

        [Fact]
        public Task FileSink_AnySteps_KeepsTheContract() => CheckAsync();

        public void Dispose() => _place.Dispose();

        protected override Sink<string> NewSink() => new FileSink(_place.Path);

        protected override IReadOnlyList<string> Read() =>
            Directory.Exists(_place.Path) ? [.. Directory.EnumerateFiles(_place.Path, "*.txt").SelectMany(File.ReadLines)] : [];

        protected override string Record(int number) => $"record {number}";
    }

    public sealed class LogSourceContract : SourceContract<string>
    {
        protected override bool KeepsWhatWasGiven => true;

        protected override int Slack => -1;

        [Fact]
        public Task LogSource_AnySteps_KeepsTheContract() => CheckAllAsync();

        protected override ISourceFeed<string> CreateFeed() => new Feed();

        protected override string Record(int number) => $"record {number}";

        private sealed class Feed : ISourceFeed<string>
        {
            private readonly List<string> _log = [];

            public DStream<string> Describe(StreamingContext context) => context.FromSource(new LogSource(_log, maxPerBatch: 1000));

            public Task GiveAsync(string record)
            {
                _log.Add(record);
                return Task.CompletedTask;
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }

    private sealed class Place : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("faststream-guide-");

        public string Path => System.IO.Path.Combine(_folder.FullName, "place");

        public void Dispose() => _folder.Delete(recursive: true);
    }
}
