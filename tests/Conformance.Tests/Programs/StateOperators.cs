using static FastStream.Tests.Conformance.Programs.ElementFunctions;
using static FastStream.Tests.Conformance.Programs.KeyedOperators;

namespace FastStream.Tests.Conformance.Programs;

/// <summary>Operators that keep a state for each key.</summary>
internal static class StateOperators
{
    public static readonly IReadOnlyDictionary<string, ProgramBuilder.Describe> All = new Dictionary<string, ProgramBuilder.Describe>
    {
        ["updateStateByKey"] =
            (node, streams) => Values(Pairs(streams[0]).UpdateStateByKey(StateFunctions.Update(node.Function), Initial(node))),
        ["mapWithState"] = (node, streams) => Pairs(streams[0]).MapWithState(Spec(node)),
        ["stateSnapshots"] = (_, streams) => Values(((MapWithStateStream<object?, object?, object?>)streams[0]).StateSnapshots()),
    };

    private static StateSpec<object?, object?, object?, object?> Spec(ProgramNode node)
    {
        StateSpec<object?, object?, object?, object?> spec = StateSpec.Function(StateFunctions.Mapping(node.Function))
            .InitialState(Initial(node));
        return (node.Duration("timeout") ?? node.Duration("timeoutMs")) is { } idle ? spec.Timeout(idle) : spec;
    }

    private static (object? Key, object? State)[] Initial(ProgramNode node) =>
        node.Parameters.TryGetValue("initial", out object? initial)
            ? List(initial).Select(pair => (List(pair)[0], List(pair)[1])).ToArray() : [];
}
