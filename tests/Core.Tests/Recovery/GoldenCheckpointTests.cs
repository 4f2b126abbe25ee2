using FastStream.Tests.Core.Operators;

namespace FastStream.Tests.Core.Checkpointing;

/// <summary>
/// Directories that earlier versions wrote are read, with the results of a program that never stopped. Each one holds a
/// job of 4 partitions after 6 batches, with a checkpoint of batch 4 and the log of two more; FASTSTREAM_WRITE_GOLDEN
/// writes a new one of the format as it is now.
/// </summary>
public sealed class GoldenCheckpointTests
{
    private const int Batches = 12;
    private const int Saved = 6;
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData("format1", 4)]
    [InlineData("format1", 3)]
    [InlineData("format1", 1)]
    [InlineData("format2", 4)]
    [InlineData("format2", 2)]
    [InlineData("format2", 3)]
    public async Task Directory_OfAnEarlierVersion_GoesOnAsIfItHadNeverStopped(string name, int partitions)
    {
        string[][] expected = await WithoutStopAsync();
        using var folder = new JobFolder();
        Copy(Path.Combine(AppContext.BaseDirectory, "Recovery", "Golden", name), folder.Path);

        await using StreamScenario scenario = folder.Start(afterTick: Saved, partitions, interval: 100);
        RecordedOutput<string>[] found = Describe(scenario, from: Saved);
        await scenario.RunAsync(Batches - Saved);
        for (int tick = Saved; tick < Batches; tick++)
        {
            Assert.Equal(expected[tick], TextsAt(found, tick));
        }
    }

    [Fact]
    public async Task Write_AGoldenDirectory_WhereAskedFor()
    {
        using var folder = new JobFolder();
        await using (StreamScenario scenario = folder.Start(partitions: 4, interval: 4))
        {
            Describe(scenario, from: 0);
            await scenario.RunBatchesAsync(Saved);
            await scenario.Context.StopAsync(StopMode.Immediate);
        }

        Assert.NotEmpty(Directory.GetFiles(folder.Path, "*.log"));
        if (Environment.GetEnvironmentVariable("FASTSTREAM_WRITE_GOLDEN") is { Length: > 0 } target)
        {
            Copy(folder.Path, target);
        }
    }

    // But for the files that say which process has the directory.
    private static void Copy(string from, string to)
    {
        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) is not ("lock" or "owner")))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.WriteAllBytes(target, File.ReadAllBytes(file));
        }
    }

    private static async Task<string[][]> WithoutStopAsync()
    {
        await using var scenario = new StreamScenario(new() { Partitions = 4 });
        RecordedOutput<string>[] outputs = Describe(scenario, from: 0);
        await scenario.RunAsync(Batches);
        return [.. Enumerable.Range(0, Batches).Select(tick => TextsAt(outputs, tick))];
    }

    private static string[] TextsAt(RecordedOutput<string>[] outputs, int tick) =>
        [.. outputs.SelectMany((output, i) => (output.At(new BatchTime(1000 * (tick + 1))) ?? []).Select(text => $"{i}: {text}"))
            .Order(StringComparer.Ordinal)];

    // One of each that a checkpoint keeps, each with another kind of key.
    private static RecordedOutput<string>[] Describe(StreamScenario scenario, int from)
    {
        int[][] batches = [.. Enumerable.Range(0, Batches)
            .Select(tick => tick is 7 or 8 ? [] : Enumerable.Range(0, 40 + tick).Select(i => (tick * 7919) + (i * i * 31)).ToArray())];
        DStream<int> numbers = scenario.Input<int>(batches[from..]).Named("numbers");
        var byText = numbers.Map(x => (Key: x % 5 == 0 ? null : $"key {x % 17}", Value: (long)x));
        StateSpec<string?, long, long, string> spec = StateSpec.Function<string?, long, long, string>((_, key, value, state) =>
        {
            if (state.IsTimingOut)
            {
                return $"{key} ends with {state.Value}";
            }

            state.Update(state.GetValueOrDefault() + value.Value);
            return Optional<string>.None;
        }).InitialState([("key 1", 1000), ("never seen", 5)]).Timeout(2 * Second);
        var mapped = byText.MapWithState(spec).Named("sums by text");
        var updated = numbers.Map(x => (Key: ((long)x % 11, x % 3), Value: x))
            .UpdateStateByKey((ReadOnlySpan<int> values, Optional<int> state) => state.GetValueOrDefault() + values.Length)
                .Named("counts by pair");
        var slid = numbers.Map(x => (Key: Utf8Text.Intern($"{x % 13} {new string('x', x % 19)}"), Value: (long)x))
            .ReduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, 4 * Second, Second).Named("sums by long text");
        var most = numbers.Map(x => (Key: new Guid(x % 7, 1, 2, new byte[8]), Value: x))
            .ReduceByKeyAndWindow(Math.Max, 5 * Second, 2 * Second).Named("most by id");
        var window = numbers.Map(x => (Key: (double)(x % 9) / 4, Value: x)).PartitionBy().Named("by number")
            .Window(3 * Second, Second).Named("last by number");
        var plain = numbers.Window(3 * Second, 2 * Second).Named("last");
        return
        [
            scenario.Output(mapped),
            scenario.Output(mapped.StateSnapshots().Map(pair => $"{pair.Key} {pair.State}")),
            scenario.Output(updated.Map(pair => $"{pair.Key} {pair.Value}")),
            scenario.Output(slid.Map(pair => $"{pair.Key} {pair.Value}")),
            scenario.Output(most.Map(pair => $"{pair.Key} {pair.Value}")),
            scenario.Output(window.ReduceByKey((a, b) => a + b).Map(pair => FormattableString.Invariant($"{pair.Key} {pair.Value}"))),
            scenario.Output(plain.Count().Map(count => $"{count}")),
        ];
    }
}
