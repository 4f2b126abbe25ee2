using FastStream.Tests.Core.Outputs;

namespace FastStream.Tests.State;

/// <summary>States many times larger than the memory they may take.</summary>
public sealed class LargeStateTests : IDisposable
{
    private const int Batches = 12;
    private const int RecordsOfBatch = 20_000;
    private const int Keys = 60_000;

    private readonly TemporaryDirectory _directory = new();
    private readonly FasterStateStore _store = new() { SegmentBytes = 1 << 20, LeastGarbageBytes = 1 << 20 };

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 1)]
    public async Task MapWithState_TenTimesItsMemory_CountsAsADictionary(int partitions, int partitionsLater)
    {
        var model = new Dictionary<int, long>();
        var found = new Dictionary<int, long>();
        IReadOnlyList<int>[] batches = [.. Enumerable.Range(0, Batches).Select(batch => (IReadOnlyList<int>)Records(batch))];
        await RunAsync(partitions, 0, batches[..7], found);
        await RunAsync(partitionsLater, 7, batches[7..], found);
        foreach (int key in batches.SelectMany(batch => batch))
        {
            model[key] = model.GetValueOrDefault(key) + key + 1;
        }

        Assert.Equal(model.Count, found.Count);
        Assert.All(model, pair => Assert.Equal(pair.Value, found[pair.Key]));
        long inStores = new DirectoryInfo(Path.Combine(_directory.Path, "states")).EnumerateFiles("log.*", SearchOption.AllDirectories)
            .Sum(file => file.Length);
        Assert.True(inStores > 5 << 20, $"{inStores} bytes are in the stores: everything was in memory");
    }

    [Fact]
    public async Task MapWithState_TimeOutsOfKeysInTheStore_ComeInTheirBatch()
    {
        var gone = new List<(long Time, int Key)>();
        await using var scenario = new StreamScenario(Options(2));
        scenario.Input<int>([[.. Enumerable.Range(0, 30_000)], [.. Enumerable.Range(30_000, 30_000)], [7, 30_007], [], [], []])
            .Map(key => (Key: key, Value: "a value that is not short, so that many take more than a little memory"))
            .MapWithState(StateSpec.Function<int, string, string, int>((time, key, value, state) =>
            {
                if (state.IsTimingOut)
                {
                    return key;
                }

                state.Update(value.Value);
                return Optional<int>.None;
            }).Timeout(TimeSpan.FromSeconds(2)))
            .ForEachBatch((batch, time) =>
            {
                lock (gone)
                {
                    gone.AddRange(batch.ToArray().Select(key => (time.Milliseconds, key)));
                }
            });
        await scenario.RunBatchesAsync(6);
        Assert.Empty(scenario.Failures);
        Assert.Equal(29_999, gone.Count(each => each.Time == 4000));   // all of the first batch but 7
        Assert.Equal(29_999, gone.Count(each => each.Time == 5000));
        Assert.Equal([7, 30_007], gone.Where(each => each.Time == 6000).Select(each => each.Key).Order());
    }

    private StreamTestOptions Options(int partitions, int afterTick = 0) => new()
    {
        Partitions = partitions,
        StartTime = DateTimeOffset.UnixEpoch.AddSeconds(afterTick),
        Configure = options => options with
        {
            State = new StateOptions { Store = _store, MemoryBytes = 1 << 20 },
            Checkpoint = new CheckpointOptions { Directory = _directory.Path, Interval = TimeSpan.FromSeconds(2) },
        },
    };

    private async Task RunAsync(int partitions, int first, IReadOnlyList<int>[] batches, Dictionary<int, long> found)
    {
        await using var scenario = new StreamScenario(Options(partitions, first));
        scenario.Input<int>(batches).Map(key => (Key: key, Value: key + 1L))
            .MapWithState(StateSpec.Function<int, long, long, (int Key, long Sum)>((_, key, value, state) =>
            {
                state.Update(state.GetValueOrDefault() + value.Value);
                return (key, state.Value);
            }))
            .ForEachBatch((batch, _) =>
            {
                lock (found)
                {
                    foreach ((int key, long sum) in batch.ToArray())
                    {
                        found[key] = Math.Max(found.GetValueOrDefault(key), sum);
                    }
                }
            });
        await scenario.RunAsync(batches.Length);
        await scenario.Context.StopAsync();
        Assert.Empty(scenario.Failures);
    }

    private static int[] Records(int batch)
    {
        var random = new Random(batch);
        return [.. Enumerable.Range(0, RecordsOfBatch).Select(_ => random.Next(Keys))];
    }
}
