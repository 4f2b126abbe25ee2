using static FastStream.Tests.Conformance.Programs.ElementFunctions;

namespace FastStream.Tests.Conformance.Programs;

/// <summary>Operators on pairs, within one batch.</summary>
internal static class KeyedOperators
{
    public static readonly IReadOnlyDictionary<string, ProgramBuilder.Describe> All = new Dictionary<string, ProgramBuilder.Describe>
    {
        ["mapValues"] = (node, streams) => Values(Pairs(streams[0]).MapValues(Map(node.Function))),
        ["flatMapValues"] = (node, streams) => Values(Pairs(streams[0]).FlatMapValues(FlatMap(node.Function))),
        ["reduceByKey"] = (node, streams) => Values(Pairs(streams[0]).ReduceByKey(Reduce(node.Function))),
        ["groupByKey"] = (_, streams) => Values(Pairs(streams[0]).GroupByKey().MapValues(Sorted)),
        ["groupByKeyInOrder"] = (_, streams) => Values(Pairs(streams[0]).GroupByKey().MapValues(group => new ValueList(group.ToArray()))),
        ["combineByKey"] = Combine,
        ["cogroup"] =
            (_, streams) =>
                Values(Pairs(streams[0]).CoGroup(Pairs(streams[1])).MapValues(sides => Pair(Sorted(sides.Left), Sorted(sides.Right)))),
        ["join"] = (_, streams) => Values(Pairs(streams[0]).Join(Pairs(streams[1])).MapValues(sides => Pair(sides.Left, sides.Right))),
        ["leftOuterJoin"] =
            (_, streams) =>
                Values(Pairs(streams[0]).LeftOuterJoin(Pairs(streams[1]))
                    .MapValues(sides => Pair(sides.Left, sides.Right.GetValueOrDefault()))),
        ["rightOuterJoin"] =
            (_, streams) =>
                Values(Pairs(streams[0]).RightOuterJoin(Pairs(streams[1]))
                    .MapValues(sides => Pair(sides.Left.GetValueOrDefault(), sides.Right))),
        ["fullOuterJoin"] =
            (_, streams) =>
                Values(Pairs(streams[0]).FullOuterJoin(Pairs(streams[1]))
                    .MapValues(sides => Pair(sides.Left.GetValueOrDefault(), sides.Right.GetValueOrDefault()))),
    };

    /// <summary>Lists of two as pairs.</summary>
    internal static DStream<(object? Key, object? Value)> Pairs(DStream<object?> stream) =>
        stream.Map(x => (Key: List(x)[0], Value: List(x)[1]));

    /// <summary>Pairs as lists of two.</summary>
    internal static DStream<object?> Values<TValue>(DStream<(object? Key, TValue Value)> pairs) =>
        pairs.Map(pair => (object?)ValueList.OfPair(pair));

    internal static ValueList Sorted(Group<object?> group) => new(group.ToArray().Order(ValueOrder.Instance).ToArray());

    private static DStream<object?> Combine(ProgramNode node, IReadOnlyList<DStream<object?>> streams) => node.Function switch
    {
        "countAndSum" => Values(Pairs(streams[0]).CombineByKey(
            value => (Count: 1L, Sum: Number(value)),
            (all, value) => (all.Count + 1, all.Sum + Number(value)),
            (left, right) => (left.Count + right.Count, left.Sum + right.Sum)).MapValues(all => Pair(all.Count, all.Sum))),
        "concatenateTexts" => Values(Pairs(streams[0]).CombineByKey(
            value => $"{value}", (text, value) => $"{text}{value}", (left, right) => left + right)),
        _ => throw new NotSupportedException($"No combiner \"{node.Function}\" is known; add it here."),
    };
}
