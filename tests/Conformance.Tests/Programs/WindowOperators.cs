using static FastStream.Tests.Conformance.Programs.ElementFunctions;
using static FastStream.Tests.Conformance.Programs.KeyedOperators;

namespace FastStream.Tests.Conformance.Programs;

/// <summary>Operators over the last batches.</summary>
internal static class WindowOperators
{
    public static readonly IReadOnlyDictionary<string, ProgramBuilder.Describe> All = new Dictionary<string, ProgramBuilder.Describe>
    {
        ["window"] = (node, streams) => streams[0].Window(Length(node), Slide(node)),
        ["countByWindow"] = (node, streams) => streams[0].CountByWindow(Length(node), Slide(node)).Map(count => (object?)count),
        ["countByValueAndWindow"] = (node, streams) => Values(streams[0].CountByValueAndWindow(Length(node), Slide(node))),
        ["groupByKeyAndWindow"] =
            (node, streams) => Values(Pairs(streams[0]).GroupByKeyAndWindow(Length(node), Slide(node)).MapValues(Sorted)),
        ["reduceByWindow"] = (node, streams) => Inverse(node) is { } inverse
            ? streams[0].ReduceByWindow(Reduce(node.Function), inverse, Length(node), Slide(node))
            : streams[0].ReduceByWindow(Reduce(node.Function), Length(node), Slide(node)),
        ["reduceByKeyAndWindow"] = (node, streams) => Values(Inverse(node) is { } inverse
            ? Pairs(streams[0]).ReduceByKeyAndWindow(Reduce(node.Function), inverse, Length(node), Slide(node), filter: PairFilter(node))
            : Pairs(streams[0]).ReduceByKeyAndWindow(Reduce(node.Function), Length(node), Slide(node))),
    };

    private static TimeSpan Length(ProgramNode node) => node.Duration("window")!.Value;

    private static TimeSpan? Slide(ProgramNode node) => node.Duration("slide");

    private static Func<object?, object?, object?>? Inverse(ProgramNode node) =>
        node.OptionalText("inverse") is { } name ? Reduce(name) : null;

    private static Func<(object? Key, object? Value), bool>? PairFilter(ProgramNode node)
    {
        if (node.OptionalText("filter") is not { } name)
        {
            return null;
        }

        Func<object?, bool> filter = Filter(name);
        return pair => filter(ValueList.OfPair(pair));
    }
}
