using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

public sealed class MapWithStateTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private sealed record Named(Utf8Text Text);

    [Fact]
    public void Records_OfOneBatch_SeeWhatEarlierOnesChanged()
    {
        var spec = StateSpec.Function<string, int, int, string>((key, value, state) =>
        {
            state.Update(state.GetValueOrDefault() + value.Value);
            return $"{key}={state.Value}";
        });
        Assert.Equal([["a=1", "a=3", "b=5"], [], ["a=7"]],
            StreamTest.Run<(string Key, int Value), string>([[("a", 1), ("a", 2), ("b", 5)], [], [("a", 4)]],
                pairs => pairs.MapWithState(spec), In(1)));
    }

    [Theory]
    [InlineData(0, "a:1|a out|b:1|a:1,b out")]
    [InlineData(1, "a:1||a out,b:1|a:1")]
    [InlineData(2, "a:1||b:1|a:2")]
    public void Timeout_FirstBatchAfterTheIdleTime_CallsOnceMore(int idle, string expected)
    {
        var spec = StateSpec.Function<string, int, int, string>((_, key, _, state) =>
        {
            if (state.IsTimingOut)
            {
                Assert.Throws<InvalidOperationException>(() => state.Update(1));
                Assert.Throws<InvalidOperationException>(state.Remove);
                return $"{key} out";
            }

            state.Update(state.GetValueOrDefault() + 1);
            return $"{key}:{state.Value}";
        }).Timeout(idle * Second);
        var found = StreamTest
            .Run<(string Key, int Value), string>([[("a", 0)], [], [("b", 0)], [("a", 0)]], pairs => pairs.MapWithState(spec), In(1));
        Assert.Equal(expected, string.Join('|', found.Select(batch => string.Join(',', batch!.Order(StringComparer.Ordinal)))));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task Function_FailsAnywhere_StatesAreAsBefore(int retries)
    {
        (int Key, int Value)[][] batches = [.. Enumerable.Range(1, 6)
            .Select(i => Enumerable.Range(0, 6).Select(k => ((k * i) % 5, i)).ToArray())];
        for (int failing = 1; failing <= 40; failing += 2)
        {
            int calls = 0;
            var spec = StateSpec.Function<int, int, int, int>((time, key, value, state) =>
            {
                // Before and after the change: neither may stay.
                if (++calls == failing && key % 2 == 0)
                {
                    throw new ArithmeticException("before");
                }

                if (!state.IsTimingOut)
                {
                    state.Update(state.GetValueOrDefault() + value.Value);
                }

                return calls == failing ? throw new ArithmeticException("after") : Optional<int>.None;
            }).Timeout(Second).InitialState([(7, 70), (0, 1)]);
            await using var scenario =
                new StreamScenario(new()
                    { Partitions = 1, Configure = options => options with
                        { BatchRetries = retries, OnBatchFailure = BatchFailurePolicy.ReportAndContinue } });
            RecordedOutput<(int Key, int State)> found = scenario.Output(scenario.Input(batches).MapWithState(spec).StateSnapshots());
            await scenario.RunAsync();
            BatchTime? failed = scenario.Failures.SingleOrDefault()?.BatchTime;
            Assert.Equal(retries == 0 && calls >= failing, failed is not null);
            var states = new Dictionary<int, (int Sum, int Tick)> { [7] = (70, 1), [0] = (1, 1) };
            for (int tick = 1; tick <= batches.Length; tick++)
            {
                // A batch that failed for good runs without its data: time-outs go on.
                foreach ((int key, int value) in new BatchTime(tick * 1000) == failed ? Array.Empty<(int, int)>() : batches[tick - 1])
                {
                    states[key] = (states.GetValueOrDefault(key).Sum + value, tick);
                }

                states = states.Where(pair => pair.Value.Tick >= tick - 1).ToDictionary();
                Assert.Equal(states.Select(pair => (pair.Key, pair.Value.Sum)).Order(), found.Batches[tick - 1]!.Order());
            }
        }
    }

    [Fact]
    public void FailedBatches_WithLongStates_LeaveNoMemory()
    {
        // New keys with long texts, given up again and again: their memory must be used anew.
        var states = new KeyedStates<int, Utf8Text>(TimeSpan.FromHours(1));
        var text = Utf8Text.Intern(new string('x', 1000));
        long start = 0;
        for (int round = 0; round < 200; round++)
        {
            start = round == 100 ? GC.GetAllocatedBytesForCurrentThread() : start;
            Change(round % 5 == 4 ? 0 : 1000 * round);
            if (round % 5 == 4)
            {
                states.Accept(new BatchTime(round));
            }
            else
            {
                states.Undo();
            }
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - start;
        states.Dispose();
        Assert.InRange(allocated, 0, 80 * TextArena.ChunkBytes);   // half of what was written

        void Change(int first)
        {
            (int Key, int Value)[] pairs = [.. Enumerable.Range(first, 100).Select(key => (key, 0))];
            int[] numbers = new int[100];
            states.Locate<(int Key, int Value), PairKey<int, int>>(pairs, numbers);
            foreach (int number in numbers)
            {
                states.Set(ref states.Change(number), text, new BatchTime(first));
            }
        }
    }

    [Fact]
    public void StatesOrKeys_ThatEndWithTheirBatch_AreRefused()
    {
        StreamingContext context = Context();
        var texts = new ManualStream<(Named Key, Utf8Text[] Value)>(context);
        const string What =
            "of type FastStream.Tests.Core.Operators.MapWithStateTests+Named would be kept over batches, and it "
            + "holds a FastStream.Utf8Text behind a reference";
        Assert.StartsWith($"A key {What}",
            Assert.Throws<ArgumentException>(
                () => texts.MapWithState(StateSpec.Function<Named, Utf8Text[], int, int>((_, _, _) => 1))).Message);
        var numbers = texts.Map(pair => (Key: 1, pair.Value));
        Assert.StartsWith($"A state {What}",
            Assert.Throws<ArgumentException>(
                () => numbers.MapWithState(StateSpec.Function<int, Utf8Text[], Named, int>((_, _, _) => 1))).Message);
        Assert.StartsWith("A state of type FastStream.Group`1[System.Int32]",
            Assert.Throws<ArgumentException>(
                () => numbers.UpdateStateByKey((ReadOnlySpan<Utf8Text[]> _, Optional<Group<int>> state) => state)).Message);
        Assert.StartsWith($"A key {What}",
            Assert.Throws<ArgumentException>(
                () => texts.UpdateStateByKey((ReadOnlySpan<Utf8Text[]> _, Optional<int> state) => state)).Message);
        Assert.Equal("partitions",
            Assert.Throws<ArgumentOutOfRangeException>(
                () => numbers.MapWithState(StateSpec.Function<int, Utf8Text[], int, int>((_, _, _) => 1).NumPartitions(0))).ParamName);
        Assert.Equal("idle",
            Assert.Throws<ArgumentOutOfRangeException>(() => StateSpec.Function<int, int, int, int>((_, _, _) => 1)
                .Timeout(-Second)).ParamName);
    }
}
