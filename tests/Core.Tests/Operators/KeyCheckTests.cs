using System.Buffers;
using System.Collections.Immutable;

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

    private record Tagged(string Name, string[] Tags);

    private sealed record More(string Name, string[] Tags, int Count) : Tagged(Name, Tags);

    private sealed record Inside(int Number, Tagged Tag);

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
        ["UpdateStateByKey"] = s => s.KeyBy(x => new[] { x })
            .UpdateStateByKey((ReadOnlySpan<int> values, Optional<int> state) => values.Length),
        ["MapWithState"] = s => s.KeyBy(x => new[] { x }).MapWithState(StateSpec.Function<int[], int, int, int>((key, value, state) => 1)),
        ["ReduceByKeyAndWindow"] = s => s.KeyBy(x => new[] { x }).ReduceByKeyAndWindow((a, b) => a + b, TimeSpan.FromSeconds(2)),
        ["tuple"] = s => s.KeyBy(x => (x, new[] { x })).GroupByKey(),
        ["record struct"] = s => s.KeyBy(x => new Holder([(byte)x])).GroupByKey(),
        ["record"] = s => s.KeyBy(x => new Tagged("", [])).GroupByKey(),
        ["derived record"] = s => s.KeyBy(x => new More("", [], x)).GroupByKey(),
        ["record in a record"] = s => s.KeyBy(x => new Inside(x, new Tagged("", []))).GroupByKey(),
        ["record in a struct"] = s => s.KeyBy(x => (x, (Inside?)null)).GroupByKey(),
        ["anonymous type"] = s => s.KeyBy(x => new { x, Array = new[] { x } }).GroupByKey(),
        ["Memory"] = s => s.KeyBy(x => new[] { x }.AsMemory()).GroupByKey(),
        ["ReadOnlyMemory"] = s => s.KeyBy(x => (x, "text".AsMemory())).GroupByKey(),
        ["ArraySegment"] = s => s.KeyBy(x => (ArraySegment<int>?)new ArraySegment<int>([x])).GroupByKey(),
        ["ImmutableArray"] = s => s.Map(x => ImmutableArray.Create(x)).CountByValue(),
        ["ReadOnlySequence"] = s => s.Map(x => new ReadOnlySequence<int>([x])).Distinct(),
        ["Array"] = s => s.KeyBy(x => (Array)new[] { x }).GroupByKey(),
        ["Tuple"] = s => s.KeyBy(x => Tuple.Create(x, new[] { x })).GroupByKey(),
        ["delegate"] = s => s.KeyBy(x => (Func<int>)(() => x)).GroupByKey(),
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public Task Keys_OfArrays_AreRefusedWhileDescribing(string name) => IsRefused(name, partitions: 2);

    [Theory]
    [MemberData(nameof(Refused))]
    public Task Keys_OfArraysInOnePartition_AreRefusedWhileDescribing(string name) => IsRefused(name, partitions: 1);

    private static async Task IsRefused(string name, int partitions)
    {
        await using var scenario = new StreamScenario(new StreamTestOptions { Partitions = partitions });
        ManualStream<int> numbers = scenario.Input<int>([[1]]);
        string message = Assert.Throws<ArgumentException>(() => Operators[name](numbers)).Message;
        Assert.Contains("equality by value", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_OfClassesWithoutEquality_AreWarnedOfOnce()
    {
        await using var scenario = new StreamScenario();
        ManualStream<int> numbers = scenario.Input<int>([[1, 1]]);
        RecordedOutput<(Reference Key, int Value)> counts =
            scenario.Output(numbers.Map(x => (new Reference(x), 1)).ReduceByKey((a, b) => a + b));
        scenario.Output(numbers.Map(x => (new ByValue(x), 1)).ReduceByKey((a, b) => a + b));
        await scenario.RunAsync();
        Assert.Equal([1, 1], counts.Batches[0]!.Select(pair => pair.Value));
        ListenerEvent warning = Assert.Single(scenario.Recorder.Events, heard => heard.Name == "Warning");
        Assert.Contains("Reference", warning.Message, StringComparison.Ordinal);
    }

    // Everything with an array, or compared by it, that the type of the key does not show.
    [Theory]
    [InlineData("object", "System.Int32[]")]
    [InlineData("interface", "System.Collections.Generic.List")]
    [InlineData("tuple", "System.Int32[]")]
    [InlineData("nested", "System.Int32[]")]
    [InlineData("boxed", "System.Memory")]
    [InlineData("record", "System.String[]")]
    [InlineData("class", "Reference")]
    public async Task Keys_OfObjectsComparedByReference_AreWarnedOfOnceForEachType(string name, string part)
    {
        await using var scenario = new StreamScenario();
        ManualStream<int> numbers = scenario.Input<int>([[1, 2, 3], [4, 5]]);
        Action<DStream<int>> describe = Open[name];
        describe(numbers);
        await scenario.RunAsync();
        ListenerEvent warning = Assert.Single(scenario.Recorder.Events, heard => heard.Name == "Warning");
        Assert.Contains(part, warning.Message, StringComparison.Ordinal);
        Assert.Contains("Keys of", warning.Message, StringComparison.Ordinal);
    }

    private static Dictionary<string, Action<DStream<int>>> Open { get; } = new()
    {
        ["object"] = s => Count(s.Map(x => x == 3 ? (object)new[] { x } : $"{x}")),
        ["interface"] = s => Count(s.Map(x => (IEnumerable<int>)new List<int> { x })),
        ["tuple"] = s => Count(s.Map(x => (x, (object)new[] { x }, x))),
        ["nested"] = s => Count(s.Map(x => (x, ((byte)1, (IComparable)"text", (ICollection<int>?)new[] { x })))),
        ["boxed"] = s => Count(s.Map(x => (object)new[] { x }.AsMemory())),
        ["record"] = s => s.Map(x => (object)new Tagged("", [])).Distinct().Register(),
        ["class"] = s => s.KeyBy(x => x % 2 == 0 ? (object)new Reference(x) : 'a').GroupByKey().Register(),
    };

    private static void Count<T>(DStream<T> keys) => keys.CountByValue().Register();

    [Fact]
    public async Task Keys_OfObjectsComparedByValue_AreCountedWithoutAWarning()
    {
        await using var scenario = new StreamScenario(new StreamTestOptions { Partitions = 1 });
        ManualStream<int> numbers = scenario.Input<int>([[1, 2, 1]]);
        RecordedOutput<((object, IComparable, int) Key, long Value)> counts =
            scenario.Output(numbers.Map(x => ((object)new ByValue(x), (IComparable)$"{x}", x)).CountByValue());
        RecordedOutput<(object? Key, int Value)> sums =
            scenario.Output(numbers.Map(x => (x == 2 ? null : (object)x, x)).ReduceByKey((a, b) => a + b));
        await scenario.RunAsync();
        Assert.Equal([2L, 1L], counts.Batches[0]!.Select(pair => pair.Value));
        Assert.Equal([2, 2], sums.Batches[0]!.Select(pair => pair.Value));
        Assert.DoesNotContain(scenario.Recorder.Events, heard => heard.Name == "Warning");
    }
}
