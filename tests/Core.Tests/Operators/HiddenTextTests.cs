using System.Threading.Channels;
using System.Threading.Tasks.Dataflow;
using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

/// <summary>
/// Texts that the static type of a record does not show: windows hold their batch, what cannot hold it fails the batch, and records
/// without texts are kept as ever.
/// </summary>
public sealed class HiddenTextTests
{
    private const int Batches = 8;

    private static readonly TimeSpan Long = TimeSpan.FromSeconds(3);

    public static TheoryData<string> Names => [.. HiddenTextKinds.ByName.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public Task Window_HiddenText_ReadsAsItCame(string name) => HiddenTextKinds.ByName[name].VisitAsync(new Windows());

    [Theory]
    [MemberData(nameof(Names))]
    public Task KeptValue_HiddenText_FailsTheBatch(string name) => HiddenTextKinds.ByName[name].VisitAsync(new KeptValues());

    [Fact]
    public async Task InverseWindow_DerivedOfAClassOfWholeNumbers_FailsTheBatch()
    {
        Assert.False(RoundingValues<Counted>.Any);
        await new KeptValues().RunAsync<Counted>(text => new CountedOf(text), value => $"{((CountedOf)value).Text}");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public Task Output_HiddenText_FailsBeforeTheFirstRecord(string name) => HiddenTextKinds.ByName[name].VisitAsync(new Outputs());

    [Fact]
    public async Task Key_HiddenText_FailsTheBatch()
    {
        await CheckKeyAsync(line => (object)line, "it is a Utf8Text");
        await CheckKeyAsync(line => (HiddenTextKinds.Event)new HiddenTextKinds.Login<Utf8Text>(line), "Login<Utf8Text>.User is a Utf8Text");
        await CheckKeyAsync(line => (1, (object)line), "it is a Utf8Text");
        await CheckKeyAsync(line => new HiddenTextKinds.Order { Note = line }, "Order.Note is a Utf8Text");
    }

    [Fact]
    public async Task State_HiddenTextInOneBatch_StatesAreAsBefore()
    {
        await using var scenario = new StreamScenario(ContinuingIn(2));
        ManualStream<(int Key, object Value)> input = scenario.Input<(int, object)>(
            [[(1, "first"), (2, "second")], [(1, "third"), (2, (Utf8Text)Text()), (3, "new")], [(4, "fourth")], [(2, new object())]]);
        var spec = StateSpec.Function<int, object, object, int>((_, _, value, state) =>
        {
            state.Update(value.Value);
            return 0;
        });
        RecordedOutput<(int, object)> mapped = scenario.Output(input.MapWithState(spec).StateSnapshots());
        RecordedOutput<(int, object)> updated = scenario.Output(
            input.UpdateStateByKey((ReadOnlySpan<object> values, Optional<object> state) => values.IsEmpty ? state : values[^1]));
        await scenario.RunAsync(3);
        (int, object)[] expected = [(1, "first"), (2, "second"), (4, "fourth")];
        Assert.Single(scenario.Failures);
        Assert.Equal(expected, mapped.Batches[2]!.OrderBy(pair => pair.Item1));
        Assert.Equal(expected, updated.Batches[2]!.OrderBy(pair => pair.Item1));
    }

    [Fact]
    public async Task InitialState_HiddenText_FailsTheStart()
    {
        await using var scenario = new StreamScenario();
        ManualStream<(int Key, object Value)> input = scenario.Input<(int Key, object Value)>([]);
        scenario.Output(input.UpdateStateByKey((ReadOnlySpan<object> _, Optional<object> state) => state, [(1, Text())]));
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(scenario.Context.Start);
        Assert.Contains("An initial state", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Window_SomeBatchesWithHiddenTexts_HoldsThese()
    {
        await using var scenario = new StreamScenario();
        var lines = new BlockLines(scenario.Context, [.. Enumerable.Range(0, 9).Select(i => (string[])[Line(i)])]);
        int made = 0;
        scenario.Output(lines.Map(line => made++ % 3 == 0 ? (object)line : line.ToString()).Window(TimeSpan.FromSeconds(6)).Count());
        await scenario.RunBatchesAsync(9);
        Assert.Equal(2, scenario.Context.Blocks.RentedBlocks);
    }

    [Fact]
    public async Task ReduceByKeyAndWindow_LongWindowOfHiddenTexts_ReadsThemAsTheyCame()
    {
        await using var scenario = new StreamScenario();
        var lines = new BlockLines(scenario.Context,
            [.. Enumerable.Range(0, 60).Select(i => (string[])[Line(i + 100), Line((i * 7 % 60) + 200)])]);
        DStream<(int Key, object Value)> pairs = lines.Map(line => (Key: line.ToString()[^3] - '0', Value: (object)line));
        Func<object, object, object> lesser = (a, b) => ((Utf8Text)a).CompareTo((Utf8Text)b) <= 0 ? a : b;
        DStream<(int Key, object Value)> least = pairs.ReduceByKeyAndWindow(lesser, TimeSpan.FromSeconds(20));
        RecordedOutput<string> found = scenario.Output(least.Map(pair => pair.Value.ToString()!));
        Assert.True(await scenario.RunBatchesAsync(60));
        Assert.Equal(20, scenario.Context.Blocks.RentedBlocks);
        for (int i = 0; i < 60; i++)
        {
            int first = Math.Max(0, i - 19);
            string[] expected = [Line(first + 100), Line(Enumerable.Range(first, i - first + 1).Min(j => j * 7 % 60) + 200)];
            Assert.Equal(expected, found.Batches[i]!.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task Window_HiddenGroup_HoldsItsBatch()
    {
        await using var scenario = new StreamScenario();
        ManualStream<int> input = scenario.Input<int>([[1, 2], [3], [4]]);
        DStream<object> groups = input.KeyBy(_ => 0).GroupByKey().Map(pair => (object)pair.Value);
        RecordedOutput<int> sums = scenario.Output(groups.Window(Long).Map(group => ((Group<int>)group).Sum()));
        await scenario.RunBatchesAsync(3);
        Assert.Equal([3, 3, 4], sums.Batches[2]!);
    }

    private static async Task CheckKeyAsync<TKey>(Func<Utf8Text, TKey> keyOf, string expected)
    {
        Func<DStream<(TKey Key, int Value)>, DStream<long>>[] programs =
        [
            pairs => pairs.UpdateStateByKey((ReadOnlySpan<int> _, Optional<int> _) => 1).Count(),
            pairs => pairs.ReduceByKeyAndWindow((a, b) => a + b, Long).Count(),
            pairs => pairs.ReduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, Long).Count(),
            pairs => pairs.MapWithState(StateSpec.Function<TKey, int, int, int>((_, _, _, state) =>
            {
                state.Update(1);
                return 1;
            })).Count(),
        ];
        foreach (Func<DStream<(TKey Key, int Value)>, DStream<long>> program in programs)
        {
            await using var scenario = new StreamScenario(ContinuingIn(1));
            scenario.Output(program(new BlockLines(scenario.Context, [[Line(0)], []]).Map(line => (Key: keyOf(line), Value: 1))));
            await scenario.RunAsync(2);
            string message = Assert.Single(scenario.Failures).Message;
            Assert.Contains("A key of type", message, StringComparison.Ordinal);
            Assert.Contains(expected, message, StringComparison.Ordinal);
        }
    }

    private static string Line(int number) => $"a line of more than fifteen bytes, number {number}";

    private static Utf8Text Text() => Utf8Text.Intern(Line(0));

    private static BlockLines LinesOf(StreamScenario scenario) =>
        new(scenario.Context, [.. Enumerable.Range(0, Batches).Select(i => (string[])[Line(i)])]);

    private sealed class Windows : IHiddenTextProgram
    {
        public async Task RunAsync<T>(Func<object, T> make, Func<T, string> show)
        {
            await CheckAsync(lines => lines.Map(line => make(line)).Window(Long).Map(show), held: 3);
            await CheckAsync(lines => lines.Map(line => make(line.ToString())).Window(Long).Map(show), held: 0);
            await CheckAsync(lines => Numbered(lines, make, isText: true).ReduceByKeyAndWindow(First, Long).Map(pair => show(pair.Value)),
                held: 3);
            await CheckAsync(lines => Numbered(lines, make).ReduceByKeyAndWindow(First, First, Long).Map(pair => show(pair.Value)),
                held: 0);
        }

        private static T First<T>(T first, T _) => first;

        private static DStream<(int Key, T Value)> Numbered<T>(DStream<Utf8Text> lines, Func<object, T> make, bool isText = false) =>
            lines.Map(line => (Key: line.ToString()[^1] - '0', Value: make(isText ? line : line.ToString())));

        private static async Task CheckAsync(Func<DStream<Utf8Text>, DStream<string>> describe, int held)
        {
            await using var scenario = new StreamScenario(In(1));
            RecordedOutput<string> found = scenario.Output(describe(LinesOf(scenario)));
            Assert.True(await scenario.RunBatchesAsync(Batches));
            Assert.Equal(held, scenario.Context.Blocks.RentedBlocks);
            Assert.True(await scenario.RunAsync(0));
            Assert.Empty(scenario.Failures);
            for (int i = 0; i < Batches; i++)
            {
                IEnumerable<string> expected = Enumerable.Range(Math.Max(0, i - 2), Math.Min(3, i + 1)).Select(Line);
                Assert.Equal(expected, found.Batches[i]!.Order(StringComparer.Ordinal));
            }
        }
    }

    private class Counted
    {
        public int Count { get; init; }
    }

    private sealed class CountedOf(object text) : Counted
    {
        public object Text => text;
    }

    private sealed class KeptValues : IHiddenTextProgram
    {
        public async Task RunAsync<T>(Func<object, T> make, Func<T, string> show)
        {
            StateUpdate<T, T> update = (values, state) => state.HasValue ? state : values[0];
            await CheckAsync(make, "A state of type", pairs => pairs.UpdateStateByKey(update).Map(pair => show(pair.Value)));
            var first = StateSpec.Function<int, T, T, T>((_, _, value, state) =>
            {
                if (!state.Exists)
                {
                    state.Update(value.Value);
                }

                return state.Value;
            });
            await CheckAsync(make, "A state of type", pairs => pairs.MapWithState(first).Map(show));
            TimeSpan length = TimeSpan.FromSeconds(20);
            if (RoundingValues<T>.Any)
            {
                return;   // no inverse is called, and the window holds its batches
            }

            await CheckAsync(
                make, "adds up", pairs => pairs.ReduceByKeyAndWindow((a, _) => a, (a, _) => a, length).Map(pair => show(pair.Value)));
        }

        private static async Task CheckAsync<T>(
            Func<object, T> make, string what, Func<DStream<(int Key, T Value)>, DStream<string>> describe)
        {
            await using (var scenario = new StreamScenario(ContinuingIn(1)))
            {
                scenario.Output(describe(LinesOf(scenario).Map(line => (Key: 0, Value: make(line)))));
                await scenario.RunAsync(2);
                Assert.Equal(2, scenario.Failures.Count);
                Assert.All(scenario.Failures, failure => Assert.Contains(what, failure.Message, StringComparison.Ordinal));
                Assert.All(scenario.Failures, failure => Assert.Contains(" is a Utf8Text", failure.Message, StringComparison.Ordinal));
            }

            await using (var scenario = new StreamScenario(ContinuingIn(1)))
            {
                DStream<(int Key, T Value)> pairs = LinesOf(scenario).Map(line => (Key: 0, Value: make(line.ToString())));
                RecordedOutput<string> found = scenario.Output(describe(pairs));
                await scenario.RunAsync(Batches);
                Assert.Empty(scenario.Failures);
                Assert.All(found.Batches, batch => Assert.Equal(Line(0), Assert.Single(batch!)));
            }
        }
    }

    private sealed class Outputs : IHiddenTextProgram
    {
        public async Task RunAsync<T>(Func<object, T> make, Func<T, string> show)
        {
            await CheckAsync(make, show, linked: false);
            await CheckAsync(make, show, linked: true);
        }

        // The first batch has strings alone, the second one a text behind a string.
        private static async Task CheckAsync<T>(Func<object, T> make, Func<T, string> show, bool linked)
        {
            await using var scenario = new StreamScenario(ContinuingIn(1));
            var lines = new BlockLines(scenario.Context, [[Line(0), Line(1)], [Line(2), Line(3)]]);
            DStream<T> records = lines.Map(line => line.ToString()[^1] == '3' ? make(line) : make(line.ToString()));
            var received = new BufferBlock<T>();
            var channel = Channel.CreateUnbounded<T>();
            _ = linked ? records.LinkTo(received) : records.ToChannel(channel.Writer);
            await scenario.RunAsync(2);
            Assert.Contains(" is a Utf8Text", Assert.Single(scenario.Failures).Message, StringComparison.Ordinal);
            var found = new List<string>();
            while (linked ? received.TryReceive(out T? item) : channel.Reader.TryRead(out item))
            {
                found.Add(show(item));
            }

            Assert.Equal([Line(0), Line(1)], found);
        }
    }
}
