using Xunit.Abstractions;
using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

/// <summary>
/// Texts in windows and states read right long after their blocks were overwritten: each program runs with texts of
/// blocks and with strings, outputs are read many batches late.
/// </summary>
public sealed class WindowTextTests(ITestOutputHelper output)
{
    private const int Batches = 18;

    private static readonly TimeSpan Long = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Often = TimeSpan.FromSeconds(2);

    public static TheoryData<string> Names => [.. ByName.Keys];

    private static Dictionary<string, (Action<DStream<Utf8Text>, Reader> Texts,
        Action<DStream<string>, Reader> Strings)> ByName { get; } = new()
    {
        ["Window"] = (Windows, Windows),
        ["Keys"] = (Keys, Keys),
        ["Values"] = (Values, Values),
        ["Inside"] = (Inside, Inside),
        ["Stacked"] = (Stacked, Stacked),
        ["Moved"] = (Moved, Moved),
        ["UpdateStateByKey"] = (Updated, Updated),
        ["MapWithState"] = (Mapped, Mapped),
        ["HeldBatch"] = (HeldBatch, HeldBatch),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Texts_OfOverwrittenBlocks_ReadAsStringsDo(string name)
    {
        Random random = RandomSource.New(output);
        int partitions = random.Next(1, 4);
        int retries = random.Next(2);
        string[][] batches = [.. Enumerable.Range(0, Batches)
            .Select(tick => Enumerable.Range(0, random.Next(400)).Select(_ => NewLine(random, tick)).ToArray())];
        var texts = new Reader();
        var strings = new Reader();
        await using (StreamScenario scenario = NewScenario(partitions, retries, random.Next(1, 4)))
        {
            ByName[name].Texts(new BlockLines(scenario.Context, batches), texts);
            FailSometimes(scenario);
            for (int tick = 0; tick < Batches; tick++)
            {
                await scenario.RunBatchesAsync(1);
                texts.ReadAllBut(6);
            }

            texts.ReadAllBut(0);
            Assert.True(await scenario.RunAsync(0));
        }

        await using (StreamScenario scenario = NewScenario(partitions, retries, 1))
        {
            ByName[name].Strings(scenario.Input(batches), strings);
            FailSometimes(scenario);
            await scenario.RunBatchesAsync(Batches);
            strings.ReadAllBut(0);
        }

        Assert.Equal(strings.Found.Keys, texts.Found.Keys);
        Assert.Empty(strings.Found.Where(found => !found.Value.SequenceEqual(texts.Found[found.Key])).Select(found => found.Key));
    }

    [Fact]
    public async Task OpenWindows_HoldNoBlocks()
    {
        await using StreamScenario scenario = NewScenario(2, 0, 1);
        var lines = new BlockLines(scenario.Context, [.. Enumerable.Repeat<string[]>([new string('x', 40), "short"], 10)]);
        var pairs = lines.Map(line => (Key: line, Value: (line, 1)));
        scenario.Output(lines.Window(TimeSpan.FromSeconds(60)).Count());
        scenario.Output(pairs.ReduceByKeyAndWindow((a, _) => a, TimeSpan.FromSeconds(60)).Count());
        scenario.Output(
            pairs.UpdateStateByKey((ReadOnlySpan<(Utf8Text, int)> values, Optional<Utf8Text> state) => values.IsEmpty
                ? state : values[0].Item1).Count());
        scenario.Output(lines.Window(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(60)).Count());
        await scenario.RunBatchesAsync(10);
        Assert.Equal(0, scenario.Context.Blocks.RentedBlocks);
    }

    // Some keys stay, some come anew all the time, so that much of what is kept dies; lengths from none to more than a chunk.
    private static string NewLine(Random random, int tick) => random.Next(40) switch
    {
        0 => new string('L', 20_000 + random.Next(50_000)),
        1 => "",
        < 20 => $"{new string('k', random.Next(30))} of {random.Next(tick * 10)}",
        _ => $"{new string('n', 100 + random.Next(200))} of {tick}, {random.Next()}",
    };

    private static StreamScenario NewScenario(int partitions, int retries, int jobs) => new(new()
    {
        Partitions = partitions,
        Configure = options => options with
            { BatchRetries = retries, ConcurrentJobs = jobs, OnBatchFailure = BatchFailurePolicy.ReportAndContinue },
    });

    // An output that fails for good, once tried and then done: what was given out by the first try is still read, and nothing counts twice.
    private static void FailSometimes(StreamScenario scenario)
    {
        int calls = 0;
        scenario.Output(new ManualStream<int>(scenario.Context));
        new ManualStream<int>(scenario.Context).ForEachBatch((_, _) =>
        {
            if (++calls % 3 == 0)
            {
                throw new IOException("every third time");
            }
        });
    }

    private static void Windows<T>(DStream<T> lines, Reader reader) => reader.Read(lines.Window(Long, Often));

    private static void Keys<T>(DStream<T> lines, Reader reader)
    {
        reader.Read(lines.CountByValueAndWindow(Long));
        reader.Read(lines.Map(line => (Key: (line, 7), Value: 1)).ReduceByKeyAndWindow((a, b) => a + b, Long, Often));
    }

    private static void Values<T>(DStream<T> lines, Reader reader)
    {
        DStream<(int Key, T Value)> pairs = lines.KeyBy(line => line!.ToString()!.Length % 20);
        reader.Read(pairs.ReduceByKeyAndWindow(Least, Long));
        reader.Read(lines.ReduceByWindow(Least, Long, Often));
        reader.Read(pairs.GroupByKeyAndWindow(Long).MapValues(values => values.Count));
    }

    private static void Inside<T>(DStream<T> lines, Reader reader) => reader.Read(
        lines.Map(line => (new Optional<T>(line), new Both<T>(line, 3, new Both<T>.Inner(line, line)), (object)"o"))
            .Window(Long).Repartition(2).Distinct());

    private static void Stacked<T>(DStream<T> lines, Reader reader) =>
        reader.Read(lines.Distinct().Window(Long, Often).CountByValueAndWindow(Long, Long).Window(Long + Long, Long)
            .TopK(10_000, pair => pair.Value));

    private static void Moved<T>(DStream<T> lines, Reader reader)
    {
        DStream<(T Key, long Value)> window = lines.CountByValueAndWindow(Long, Often);
        reader.Read(window.Join(lines.Map(line => (Key: line, Value: line)).ReduceByKeyAndWindow(Least, Long, Often)));
        reader.Read(window.Transform(batch => batch.ToArray()).Repartition(3));
        reader.Read(window.Union(lines.CountByValueAndWindow(Often, Often)));
    }

    private static void Updated<T>(DStream<T> lines, Reader reader) =>
        reader.Read(lines.Map(line => (Key: line, Value: line)).UpdateStateByKey(
        (BatchTime time, T _, ReadOnlySpan<T> values, Optional<(T Text, BatchTime Time)> state) =>
            !values.IsEmpty
                ? (values[0], time) : state.HasValue && state.Value.Time + Long > time ? state : Optional<(T Text, BatchTime Time)>.None));

    private static void Mapped<T>(DStream<T> lines, Reader reader)
    {
        var stream = lines.Map(line => (Key: line, Value: line)).MapWithState(StateSpec.Function<T, T, T, (T, T)>((_, key, value, state) =>
        {
            (T, T) result = (key, state.Exists ? state.Value : value.Value);
            if (!state.IsTimingOut)
            {
                state.Update(value.Value);
            }

            return result;
        }).Timeout(Often));
        reader.Read(stream);
        reader.Read(stream.StateSnapshots());
    }

    private static void HeldBatch<T>(DStream<T> lines, Reader reader)
    {
        reader.Read(lines.Glom().Map(part => part.Length == 0 ? [] : new[] { part.Max()! }).Window(Long)
            .Window(Long, Often).FlatMap<T[], T>((part, results) => results.AddRange(part)));
        reader.Read(lines.KeyBy(line => line!.ToString()!.Length % 20).GroupByKey().Window(Long).MapValues(group => group.Count));
    }

    private static T Least<T>(T left, T right) => StringComparer.Ordinal.Compare(left!.ToString(), right!.ToString()) <= 0 ? left : right;

    private readonly record struct Both<T>(T First, int Number, Both<T>.Inner Second)
    {
        internal readonly record struct Inner(T Left, T Right);
    }

    /// <summary>Outputs that keep their batches, to be read later.</summary>
    private sealed class Reader
    {
        private readonly Queue<(BatchTime Time, Action Read)> _held = [];
        private int _streams;

        public SortedDictionary<(BatchTime Time, int Stream), string[]> Found { get; } = [];

        public void Read<T>(DStream<T> stream)
        {
            int number = _streams++;
            stream.ForEachBatch((batch, time) =>
            {
                batch.Retain();
                lock (_held)
                {
                    _held.Enqueue((time, () =>
                    {
                        Found.Add((time, number), [.. batch.Select(item => RecordText.Of(item)).Order(StringComparer.Ordinal)]);
                        batch.Release();
                    }));
                }
            });
        }

        public void ReadAllBut(int count)
        {
            lock (_held)
            {
                while (_held.Count > count)
                {
                    _held.Dequeue().Read();
                }
            }
        }
    }
}
