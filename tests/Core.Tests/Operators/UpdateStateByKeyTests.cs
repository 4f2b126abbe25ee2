using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

public sealed class UpdateStateByKeyTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static StateUpdate<int, int> Sum { get; } = (values, state) =>
    {
        int sum = state.GetValueOrDefault();
        foreach (int value in values)
        {
            sum += value;
        }

        return sum < 0 ? default : new Optional<int>(sum);
    };

    [Fact]
    public void Keys_WithStateOrValues_AreCalledInEveryBatch()
    {
        var calls = new List<string>();
        var found = StreamTest.Run<(string? Key, int Value), (string? Key, int Value)>(
            [[("a", 1), (null, 5), ("a", 2)], [], [("a", -9), ("b", 1)], []],
            pairs => pairs.UpdateStateByKey((BatchTime time, string? key, ReadOnlySpan<int> values, Optional<int> state) =>
            {
                calls.Add($"{time.Milliseconds / 1000}{key ?? "null"}{values.Length}{state}");
                return Sum(values, state);
            }, [("c", 30), ("c", 40)]),
            In(1));
        Assert.Equal(
            [["(a,3)", "(c,40)", "(null,5)"], ["(a,3)", "(c,40)", "(null,5)"], ["(b,1)", "(c,40)", "(null,5)"],
                ["(b,1)", "(c,40)", "(null,5)"]], Sorted(found));
        Assert.Equal(["1c040", "1a2null", "1null1null", "2c040", "2a03", "2null05", "3c040", "3a13", "3null05", "3b1null"],
            calls[..10].OrderBy(call => call[0]).ThenBy(call => Array.IndexOf(["c", "a", "nu", "b"], call[1] == 'n' ? "nu" : call[1..2])));
    }

    /// <summary>
    /// A window that is due in every second batch only, before states that begin with some; with batches that fail at
    /// each point.
    /// </summary>
    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task BehindASlowerWindow_BatchesBetween_ChangeNothing(int failing)
    {
        await using var scenario = new StreamScenario(ContinuingIn(2));
        (string Key, int Value)[][] batches = [.. Enumerable.Repeat(new[] { ("a", 1) }, 8)];
        var plan = new FailurePlan();
        plan.Add(new BatchTime(failing * 1000), FailurePoint.AfterTheEnd, 0, 1);
        RecordedOutput<(string Key, int Value)> found = scenario.Output(
            new FailingStream<(string Key, int Value)>(scenario.Input(batches), plan).Window(2 * Second, 2 * Second)
                .UpdateStateByKey(Sum, [("i", 7)]));
        await scenario.RunAsync();
        int sum = 0;
        for (int tick = 1; tick <= 8; tick++)
        {
            sum += tick == failing ? 0 : 1;   // the window that ends then has the batch before all the same
            Assert.Equal(tick % 2 != 0 ? null : [("a", sum), ("i", 7)], found.Batches[tick - 1]?.Order());
        }
    }

    [Fact]
    public async Task Function_FailsAnywhere_StatesAreAsBefore()
    {
        (int Key, int Value)[][] batches = [.. Enumerable.Range(1, 6)
            .Select(i => Enumerable.Range(0, 5).Select(k => ((k * i) % 7, i % 4 == 3 ? -9 : i)).ToArray())];
        for (int failing = 1; failing <= 30; failing++)
        {
            int calls = 0;
            await using var scenario = new StreamScenario(ContinuingIn(1));
            var found = scenario.Output(scenario.Input(batches).UpdateStateByKey(
                (ReadOnlySpan<int> values, Optional<int> state) => ++calls == failing
                    ? throw new ArithmeticException("now") : Sum(values, state)));
            await scenario.RunAsync();
            BatchTime? failed = scenario.Failures.SingleOrDefault()?.BatchTime;
            var good = batches.Where((_, i) => new BatchTime((i + 1) * 1000) != failed).ToArray();
            var expected = StreamTest.Run<(int Key, int Value), (int Key, int Value)>(good, pairs => pairs.UpdateStateByKey(Sum), In(1));
            Assert.Equal(expected, found.Batches.Where(batch => batch is not null));
        }
    }
}
