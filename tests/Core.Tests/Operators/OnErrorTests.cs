using System.Globalization;

namespace FastStream.Tests.Core.Operators;

/// <summary>
/// Records for which a function throws are left out, counted, and sent to the dead letters; nothing of them is kept,
/// and the others are as if they had never been.
/// </summary>
public sealed class OnErrorTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    // Operators over numbers; those below zero fail. Each comes with what it gives for the good ones, from an operator
    // that meets no bad one.
    private static Dictionary<string, Func<DStream<int>, bool, DStream<string>>> Operators { get; } = new()
    {
        ["Map"] = (s, tolerates) => Tolerating(s.Map(Check), tolerates).Map(Text),
        ["Filter"] = (s, tolerates) => Tolerating(s.Filter(x => Check(x) % 3 == 0), tolerates).Map(Text),
        ["FlatMap"] = (s, tolerates) => Tolerating(s.FlatMap<int, int>((x, output) =>
        {
            // Results before the error, at times more than a buffer holds.
            for (int i = 0; i < Math.Abs(x) % 1500; i++)
            {
                output.Add(i);
            }

            output.Add(Check(x));
        }), tolerates).Map(Text),
        ["FlatMap of a sequence"] =
            (s, tolerates) => Tolerating(s.FlatMap(x => Enumerable.Range(0, 5).Select(i => i < 3 ? i : Check(x))), tolerates).Map(Text),
        ["KeyBy"] = (s, tolerates) => Tolerating(s.KeyBy(Check), tolerates).Map(Text),
        ["MapValues"] = (s, tolerates) => Tolerating(s.Map(x => (Key: x % 7, Value: x)).MapValues(Check), tolerates).Map(Text),
        ["FlatMapValues"] = (s, tolerates) => Tolerating(s.Map(x => (Key: x % 7, Value: x)).FlatMapValues<int, int, int>((x, output) =>
        {
            output.AddRange(new int[Math.Abs(x) % 1200]);
            output.Add(Check(x));
        }), tolerates).Map(Text),
    };

    public static TheoryData<string> Names => [.. Operators.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Drop_RandomBadRecords_OthersAreAsIfTheyHadNotBeen(string name)
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        int[][] batches = [.. Enumerable.Range(0, 4)
            .Select(_ => Enumerable.Range(0, random.Next(3000)).Select(_ => random.Next(-300, 2000)).ToArray())];
        foreach (int partitions in new[] { 1, 3 })
        {
            var options = new StreamTestOptions { Partitions = partitions };
            IReadOnlyList<IReadOnlyList<string>?> expected = StreamTest.Run(Good(batches), s => Operators[name](s, false), options);
            IReadOnlyList<IReadOnlyList<string>?> found = StreamTest.Run(batches, s => Operators[name](s, true), options);
            for (int i = 0; i < batches.Length; i++)
            {
                Assert.True(expected[i]!.Order(StringComparer.Ordinal).SequenceEqual(found[i]!.Order(StringComparer.Ordinal)),
                    $"seed {seed}, batch {i}, {partitions} partitions");
            }
        }
    }

    [Fact]
    public async Task Drop_BadRecords_AreCountedAndWarnedOfOnceABatch()
    {
        await using var scenario = new StreamScenario();
        RecordedOutput<int> output =
            scenario.Output(scenario.Input<int>([[1, -1, 2, -2], [3], [-3]]).Map(Check).Named("checked").OnError(RecordErrorPolicy.Drop));
        await scenario.RunAsync();
        Assert.Equal([[1, 2], [3], []], output.Batches);
        Assert.Equal(3, scenario.Context.Metrics.FailedRecords);
        Assert.Equal([2L, 0L, 1L],
            scenario.Recorder.Events.Where(heard => heard.Name == "BatchCompleted").Select(heard => heard.Batch!.FailedRecordCount));
        Assert.Equal(
            ["checked left out 2 records of batch 1000 ms for which its function failed. The first error: ",
                "checked left out 1 record of batch 3000 ms for which its function failed. The first error: "],
            scenario.Recorder.Events.Where(heard => heard.Name == "Warning")
                .Select(heard => heard.Message![..(heard.Message!.IndexOf("error: ", StringComparison.Ordinal) + 7)]));
    }

    [Fact]
    public async Task DeadLetters_BadRecords_ComeWithOperatorErrorAndTime()
    {
        await using var scenario = new StreamScenario(new StreamTestOptions { Partitions = 1 });
        RecordedOutput<int> good = scenario.Output(
            scenario.Input<string>([["1", "x", "2"], ["y"]]).Map(text => int.Parse(text, CultureInfo.InvariantCulture))
                .Named("numbers").OnError(out DStream<FailedRecord<string>> failed));
        RecordedOutput<FailedRecord<string>> dead = scenario.Output(failed);
        await scenario.RunAsync();
        Assert.Equal([[1, 2], []], good.Batches);
        string message = Assert.Throws<FormatException>(() => int.Parse("x", CultureInfo.InvariantCulture)).Message;
        Assert.Equal([new FailedRecord<string>("x", "numbers", "System.FormatException", message, new BatchTime(1000))], dead.Batches[0]!);
        Assert.Equal("y", dead.Batches[1]!.Single().Record);
        Assert.Equal(2, scenario.Context.Metrics.FailedRecords);
    }

    [Fact]
    public async Task DeadLetters_OnlyTheyAreUsed_OperatorRuns()
    {
        await using var scenario = new StreamScenario();
        scenario.Input<int>([[1, -5]]).Map(Check).OnError(out DStream<FailedRecord<int>> failed);
        RecordedOutput<int> dead = scenario.Output(failed.Map(each => each.Record));
        await scenario.RunAsync();
        Assert.Equal([[-5]], dead.Batches);
    }

    [Fact]
    public async Task DeadLetters_BatchFailsElsewhereAndRunsAgain_ComeOnce()
    {
        await using var scenario = new StreamScenario(new StreamTestOptions { Configure = options => options with { BatchRetries = 1 } });
        int tries = 0;
        DStream<int> input = scenario.Input<int>([[1, -1]]);
        scenario.Output(input.Map(Check).OnError(out DStream<FailedRecord<int>> failed));
        RecordedOutput<int> dead = scenario.Output(failed.Map(each => each.Record));
        scenario.Output(input.Repartition(1)
            .MapPartitions(all => Interlocked.Increment(ref tries) == 1 ? throw new IOException("once") : all));
        Assert.True(await scenario.RunAsync());
        Assert.Equal([[-1]], dead.Batches);
        Assert.Equal(1, scenario.Context.Metrics.FailedRecords);
    }

    [Fact]
    public async Task DeadLetters_TextsOfAWindow_OutliveTheirBatch()
    {
        await using var scenario = new StreamScenario(new StreamTestOptions { Partitions = 1 });
        DStream<Utf8Text> lines =
            new BlockLines(scenario.Context, [["a line that is longer than fifteen bytes"], ["another line that is longer than fifteen"]]);
        lines.Map(line => line.Length > 0 ? throw new FormatException("bad") : 0).OnError(out DStream<FailedRecord<Utf8Text>> failed);
        RecordedOutput<string> dead = scenario.Output(failed.Window(TimeSpan.FromSeconds(3)).Map(each => each.Record.ToString()));
        await scenario.RunAsync(3);
        Assert.Equal(["a line that is longer than fifteen bytes", "another line that is longer than fifteen"], dead.Batches[2]!);
    }

    [Fact]
    public async Task MapWithState_BadRecords_LeaveTheirKeysAndTheOthersAlone()
    {
        await using var scenario = new StreamScenario();
        DStream<(string Key, int Value)> pairs =
            scenario.Input<(string Key, int Value)>([[("a", 1), ("a", -1), ("b", 2)], [("c", -7), ("a", 4), ("b", -2)], [("b", 5)]]);
        MapWithStateStream<string, int, (string, int)> sums =
            pairs.MapWithState(StateSpec.Function<string, int, int, (string, int)>((key, value, state) =>
        {
            state.Update(state.GetValueOrDefault() + value.Value);   // the state that a call which fails has set does not count
            return (key, Check(value.Value) + state.Value - value.Value);
        })).OnError(out DStream<FailedRecord<(string Key, int Value)>> failed);
        RecordedOutput<(string, int)> found = scenario.Output(sums);
        RecordedOutput<(string Key, int State)> states = scenario.Output(sums.StateSnapshots());
        RecordedOutput<(string Key, int Value)> dead = scenario.Output(failed.Map(each => each.Record));
        await scenario.RunAsync();
        Assert.Equal([[("a", 1), ("b", 2)], [("a", 5)], [("b", 7)]], found.Batches.Select(batch => batch!.Order().ToArray()));
        Assert.Equal([[("a", 1), ("b", 2)], [("a", 5), ("b", 2)], [("a", 5), ("b", 7)]],
            states.Batches.Select(batch => batch!.Order().ToArray()));
        Assert.Equal([[("a", -1)], [("b", -2), ("c", -7)], []], dead.Batches.Select(batch => batch!.Order().ToArray()));
    }

    [Fact]
    public async Task MapWithState_LastCallOfAKeyFails_StateStaysUntilOneSucceeds()
    {
        await using var scenario = new StreamScenario(new StreamTestOptions { BatchCount = 6 });
        int failures = 2;
        RecordedOutput<(string, bool)> found = scenario.Output(
            scenario.Input<(string Key, int Value)>([[("a", 1), ("b", 1)], [("b", 1)]])
                .MapWithState(StateSpec.Function<string, int, int, (string, bool)>((key, value, state) =>
            {
                if (state.IsTimingOut)
                {
                    return key == "a" && failures-- > 0 ? throw new IOException("not now") : (key, true);
                }

                state.Update(1);
                return (key, false);
            }).Timeout(Second)).OnError(RecordErrorPolicy.Drop));
        await scenario.RunAsync();
        Assert.Equal([[("a", false), ("b", false)], [("b", false)], [], [("b", true)], [("a", true)], []],
            found.Batches.Select(batch => batch!.Order().ToArray()));
        Assert.Equal(2, scenario.Context.Metrics.FailedRecords);
    }

    [Fact]
    public async Task UpdateStateByKey_CallOfAKeyFails_KeyKeepsItsState()
    {
        await using var scenario = new StreamScenario();
        RecordedOutput<(string Key, int Value)> found = scenario.Output(
            scenario.Input<(string Key, int Value)>([[("a", 1), ("b", 2)], [("a", 3), ("a", -1), ("b", 1), ("c", -1)], [("a", 1)]])
                .UpdateStateByKey((ReadOnlySpan<int> values, Optional<int> state) => state.GetValueOrDefault()
                    + values.ToArray().Sum(Check))
                .OnError(out DStream<FailedRecord<(string Key, int Value)>> failed));
        RecordedOutput<(string Key, int Value)> dead = scenario.Output(failed.Map(each => each.Record));
        await scenario.RunAsync();
        Assert.Equal([[("a", 1), ("b", 2)], [("a", 1), ("b", 3)], [("a", 2), ("b", 3)]],
            found.Batches.Select(batch => batch!.Order().ToArray()));
        Assert.Equal([[], [("a", -1), ("a", 3), ("c", -1)], []], dead.Batches.Select(batch => batch!.Order().ToArray()));
    }

    [Fact]
    public async Task States_OfAProgramWithoutAPolicy_AreFoundByOneThatHasOne()
    {
        using var folder = new Checkpointing.JobFolder();
        Assert.Equal([[(1, 1)], [(1, 2)]], await RunAsync(0, tolerates: false));
        Assert.Equal([[(1, 3)], [(1, 4)]], await RunAsync(2, tolerates: true));

        async Task<IReadOnlyList<IReadOnlyList<(int, int)>?>> RunAsync(int afterTick, bool tolerates)
        {
            await using StreamScenario scenario = folder.Start(afterTick);
            DStream<(int Key, int Value)> pairs = scenario.Input<int>([[1], [1]]).KeyBy(x => x);
            DStream<(int Key, int Value)> first =
                pairs.UpdateStateByKey((ReadOnlySpan<int> values, Optional<int> state) => state.GetValueOrDefault() + values.Length);
            DStream<(int Key, int Value)> second =
                pairs.UpdateStateByKey((ReadOnlySpan<int> values, Optional<int> state) => state.GetValueOrDefault()
                    + (100 * values.Length));
            RecordedOutput<(int, int)> found = scenario.Output(tolerates ? first.OnError(RecordErrorPolicy.Drop) : first);
            scenario.Output(second);
            await scenario.RunAsync(2);
            return found.Batches;
        }
    }

    [Fact]
    public void OnError_OperatorWithoutAFunctionForRecords_IsRefused()
    {
        using var context = new Described();
        DStream<int> numbers = context.Numbers;
        Assert.Contains("Count",
            Assert.Throws<ArgumentException>(() => numbers.Count().OnError(RecordErrorPolicy.Drop)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => numbers.OnError(RecordErrorPolicy.Drop));
        Assert.Throws<ArgumentException>(() => numbers.Reduce((a, b) => a + b).OnError(out DStream<FailedRecord<int>> _));
        Assert.Throws<ArgumentException>(() => numbers.Map(Check).OnError(RecordErrorPolicy.Drop).OnError(RecordErrorPolicy.Drop));
        Assert.Throws<ArgumentOutOfRangeException>(() => numbers.Map(Check).OnError((RecordErrorPolicy)9));
    }

    [Fact]
    public void OnError_DeadLettersOfAnotherType_AreRefusedWithBoth()
    {
        using var context = new Described();
        string message =
            Assert.Throws<ArgumentException>(() => context.Numbers.Map(Text).OnError(out DStream<FailedRecord<string>> _)).Message;
        Assert.Contains("System.String", message, StringComparison.Ordinal);
        Assert.Contains("System.Int32", message, StringComparison.Ordinal);
    }

    [Fact]
    public void OnError_Fail_GivesTheSameStream()
    {
        using var context = new Described();
        DStream<int> mapped = context.Numbers.Map(Check);
        Assert.Same(mapped, mapped.OnError(RecordErrorPolicy.Fail));
    }

    [Fact]
    public void OnError_BehindAName_KeepsIt()
    {
        using var context = new Described();
        DStream<int> stream = context.Numbers.Map(Check).Named("checked").OnError(RecordErrorPolicy.Drop);
        Assert.Equal("checked", stream.Name);
        Assert.Throws<InvalidOperationException>(() => stream.Named("again"));
    }

    [Fact]
    public void StackIsTooSmall_InAFunction_StillFailsTheBatch() =>
        Assert.IsType<InsufficientExecutionStackException>(Assert.Throws<StreamingException>(() =>
            StreamTest.Run<int, int>([[1]],
                s => s.Map<int, int>(_ => throw new InsufficientExecutionStackException())
                    .OnError(RecordErrorPolicy.Drop))).InnerException);

    private static int Check(int x) => x < 0 ? throw new FormatException($"{x} is below zero") : x;

    private static string Text<T>(T item) => RecordText.Of(item);

    private static DStream<T> Tolerating<T>(DStream<T> stream, bool tolerates) =>
        tolerates ? stream.OnError(RecordErrorPolicy.Drop) : stream;

    private static int[][] Good(int[][] batches) => [.. batches.Select(batch => batch.Where(x => x >= 0).ToArray())];

    private sealed class Described : IDisposable
    {
        private readonly StreamScenario _scenario = new();

        public Described() => Numbers = _scenario.Input<int>([]);

        public DStream<int> Numbers { get; }

        public void Dispose() => _scenario.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}
