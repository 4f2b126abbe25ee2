namespace FastStream.Tests.Core.Operators;

/// <summary>Keys of which no two are equal are refused, or warned of, instead of making every record a group.</summary>
public sealed class KeyCheckTests
{
    private sealed class Reference(int value)
    {
        public int Value { get; } = value;
    }

    private sealed record ByValue(int Value);

    private readonly record struct Holder(byte[] Bytes);

    private sealed record Named(string Name, int[] Parts);

    public static TheoryData<string> Refused => [.. Operators.Keys];

    private static Dictionary<string, Action<DStream<int>>> Operators { get; } = new()
    {
        ["ReduceByKey"] = s => s.Map(x => (new[] { (byte)x }, 1)).ReduceByKey((a, b) => a + b),
        ["GroupByKey"] = s => s.KeyBy(x => new[] { x }).GroupByKey(),
        ["CountByValue"] = s => s.Map(x => new[] { x }).CountByValue(),
        ["Distinct"] = s => s.Map(x => new[] { x }).Distinct(),
        ["Join"] = s => s.KeyBy(x => new[] { x }).Join(s.KeyBy(x => new[] { x })),
        ["CoGroup"] = s => s.KeyBy(x => new[] { x }).CoGroup(s.KeyBy(x => new[] { x })),
        ["PartitionBy"] = s => s.KeyBy(x => new[] { x }).PartitionBy(2),
        ["CombineByKey"] = s => s.KeyBy(x => new[] { x }).CombineByKey(x => x, (a, b) => a + b, (a, b) => a + b),
        ["UpdateStateByKey"] = s => s.KeyBy(x => new[] { x }).UpdateStateByKey((ReadOnlySpan<int> values, Optional<int> state) => values.Length),
        ["MapWithState"] = s => s.KeyBy(x => new[] { x }).MapWithState(StateSpec.Function<int[], int, int, int>((key, value, state) => 1)),
        ["ReduceByKeyAndWindow"] = s => s.KeyBy(x => new[] { x }).ReduceByKeyAndWindow((a, b) => a + b, TimeSpan.FromSeconds(2)),
        ["tuple"] = s => s.KeyBy(x => (x, new[] { x })).GroupByKey(),
        ["record struct"] = s => s.KeyBy(x => new Holder([(byte)x])).GroupByKey(),
        ["record class"] = s => s.KeyBy(x => new Named("x", [x])).GroupByKey(),
        ["memory"] = s => s.KeyBy(x => new ReadOnlyMemory<byte>([(byte)x])).GroupByKey(),
        ["segment"] = s => s.KeyBy(x => (x, new ArraySegment<int>([x]))).GroupByKey(),
        ["immutable array"] = s => s.KeyBy(x => System.Collections.Immutable.ImmutableArray.Create(x)).GroupByKey(),
        ["delegate"] = s => s.KeyBy(x => (Func<int>)(() => x)).GroupByKey(),
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Keys_OfArrays_AreRefusedWhileDescribing(string name)
    {
        await using var scenario = new StreamScenario();
        ManualStream<int> numbers = scenario.Input<int>([[1]]);
        string message = Assert.Throws<ArgumentException>(() => Operators[name](numbers)).Message;
        Assert.Contains("equality by value", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_OfClassesWithoutEquality_AreWarnedOfOnce()
    {
        await using var scenario = new StreamScenario();
        ManualStream<int> numbers = scenario.Input<int>([[1, 1]]);
        RecordedOutput<(Reference Key, int Value)> counts = scenario.Output(numbers.Map(x => (new Reference(x), 1)).ReduceByKey((a, b) => a + b));
        scenario.Output(numbers.Map(x => (new ByValue(x), 1)).ReduceByKey((a, b) => a + b));
        await scenario.RunAsync();
        Assert.Equal([1, 1], counts.Batches[0]!.Select(pair => pair.Value));
        ListenerEvent warning = Assert.Single(scenario.Recorder.Events, heard => heard.Name == "Warning");
        Assert.Contains("Reference", warning.Message, StringComparison.Ordinal);
    }
}
