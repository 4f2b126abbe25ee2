using System.Buffers;
using System.Text;

namespace FastStream.Tests.Core.Outputs;

/// <summary>What SaveAsFiles asks of a place that is no local directory.</summary>
public sealed class OutputDirectoryTests
{
    [Fact]
    public async Task SaveAsFiles_OtherPlace_PublishesWholeBatches()
    {
        var bucket = new Bucket();
        await using var scenario = new StreamScenario();
        scenario.Input<int>([[1, 2, 3], []]).SaveAsFiles(bucket, "deep/numbers", new TextFormat<int>(), "txt");
        await scenario.RunAsync();
        Assert.Equal(
            [
                "deep/numbers-1000.txt/_SUCCESS:", "deep/numbers-1000.txt/part-00000:1\n", "deep/numbers-1000.txt/part-00001:2\n3\n",
                "deep/numbers-2000.txt/_SUCCESS:", "deep/numbers-2000.txt/part-00000:", "deep/numbers-2000.txt/part-00001:",
            ],
            bucket.Objects.Select(each => $"{each.Key}:{each.Value}").Order(StringComparer.Ordinal));
        Assert.Equal(0, bucket.Open);
        Assert.True(bucket.Flushes > 0);
    }

    [Theory]
    [InlineData("create")]
    [InlineData("complete")]
    [InlineData("publish")]
    public async Task SaveAsFiles_OtherPlaceFails_FailsTheBatchLeavesNothingAndTriesAgain(string step)
    {
        var bucket = new Bucket { FailsOnceAt = step };
        await using var scenario = new StreamScenario(new StreamTestOptions { Configure = options => options with { BatchRetries = 1 } });
        scenario.Input<int>([[1, 2, 3]]).SaveAsFiles(bucket, "numbers", new TextFormat<int>(), "");
        await scenario.RunAsync();
        Assert.Empty(scenario.Failures);
        Assert.Equal(3, bucket.Objects.Count);
        Assert.Equal(0, bucket.Open);
        Assert.Equal(2, bucket.Begun);
    }

    [Theory]
    [InlineData("/root/numbers")]
    [InlineData("../numbers")]
    [InlineData("a/../../numbers")]
    [InlineData("a/..")]
    public async Task SaveAsFiles_PrefixLeadsOut_IsRefused(string prefix)
    {
        await using var scenario = new StreamScenario();
        ManualStream<int> numbers = scenario.Input<int>([[]]);
        Assert.Throws<ArgumentException>(() => numbers.SaveAsFiles(new Bucket(), prefix, new TextFormat<int>()));
    }

    [Fact]
    public async Task SaveAsFiles_TwoOutputsOfOnePlaceAndPrefix_AreRefused()
    {
        await using var scenario = new StreamScenario();
        ManualStream<int> numbers = scenario.Input<int>([[]]);
        numbers.SaveAsFiles(new Bucket(), "numbers", new TextFormat<int>());
        Assert.Throws<ArgumentException>(() => numbers.SaveAsFiles(new Bucket(), "numbers", new TextFormat<int>()));
        numbers.SaveAsFiles(new LocalDirectory("/nowhere"), "numbers", new TextFormat<int>());
    }

    /// <summary>An object store in memory: a directory's objects are there when it is published.</summary>
    private sealed class Bucket : OutputDirectory
    {
        private readonly Lock _lock = new();   // guards what follows

        public Dictionary<string, string> Objects { get; } = [];

        /// <summary>Directories and files that nobody has disposed of.</summary>
        public int Open { get; private set; }

        public int Begun { get; private set; }

        public int Flushes { get; private set; }

        public string? FailsOnceAt { get; set; }

        public override string AddressOf(string name) => $"memory://bucket/{name}";

        public override async ValueTask<BatchDirectory?> BeginAsync(string name, bool isReplay, CancellationToken cancellationToken)
        {
            await Task.Yield();
            Begun++;
            return new Batch(this, name);
        }

        private void Count(int change)
        {
            lock (_lock)
            {
                Open += change;
            }
        }

        private async ValueTask PassAsync(string step)
        {
            await Task.Yield();
            lock (_lock)
            {
                if (FailsOnceAt == step)
                {
                    FailsOnceAt = null;
                    throw new IOException($"no {step}");
                }
            }
        }

        private sealed class Batch : BatchDirectory
        {
            private readonly Bucket _bucket;
            private readonly string _name;
            private readonly Dictionary<string, string> _complete = [];

            public Batch(Bucket bucket, string name)
            {
                _bucket = bucket;
                _name = name;
                bucket.Count(1);
            }

            public override async ValueTask<OutputFile> CreateFileAsync(string name, CancellationToken cancellationToken)
            {
                await _bucket.PassAsync("create");
                return new Upload(this, name);
            }

            public override async ValueTask PublishAsync(CancellationToken cancellationToken)
            {
                await _bucket.PassAsync("publish");
                foreach ((string name, string text) in _complete)
                {
                    _bucket.Objects[$"{_name}/{name}"] = text;
                }
            }

            public override ValueTask DisposeAsync()
            {
                _bucket.Count(-1);
                return ValueTask.CompletedTask;
            }

            private sealed class Upload : OutputFile
            {
                private readonly ArrayBufferWriter<byte> _bytes = new();
                private readonly Batch _batch;
                private readonly string _name;

                public Upload(Batch batch, string name)
                {
                    _batch = batch;
                    _name = name;
                    batch._bucket.Count(1);
                }

                public override void Advance(int count) => _bytes.Advance(count);

                public override Memory<byte> GetMemory(int sizeHint = 0) => _bytes.GetMemory(sizeHint);

                public override Span<byte> GetSpan(int sizeHint = 0) => _bytes.GetSpan(sizeHint);

                public override ValueTask FlushAsync(CancellationToken cancellationToken)
                {
                    lock (_batch._bucket._lock)
                    {
                        _batch._bucket.Flushes++;
                    }

                    return ValueTask.CompletedTask;
                }

                public override async ValueTask CompleteAsync(CancellationToken cancellationToken)
                {
                    await _batch._bucket.PassAsync("complete");
                    lock (_batch._bucket._lock)
                    {
                        _batch._complete.Add(_name, Encoding.UTF8.GetString(_bytes.WrittenSpan));
                    }
                }

                public override ValueTask DisposeAsync()
                {
                    _batch._bucket.Count(-1);
                    return ValueTask.CompletedTask;
                }
            }
        }
    }
}
