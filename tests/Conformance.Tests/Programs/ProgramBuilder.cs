namespace FastStream.Tests.Conformance.Programs;

/// <summary>
/// Describes a program's streams on a context, operator by operator. A family of operators joins by an entry in
/// <see cref="Families"/>.
/// </summary>
internal sealed class ProgramBuilder(Func<string, DStream<object?>> inputOf)
{
    /// <summary>What describes an operator, given its streams.</summary>
    public delegate DStream<object?> Describe(ProgramNode node, IReadOnlyList<DStream<object?>> streams);

    private static readonly IReadOnlyDictionary<string, Describe>[] Families = [ElementOperators.All,
        BatchOperators.All, KeyedOperators.All, WindowOperators.All, StateOperators.All];

    private readonly Dictionary<string, DStream<object?>> _bound = [];    // by let
    private readonly Dictionary<string, DStream<object?>> _inputs = [];   // each input once

    /// <summary>The operators of a program that no family describes.</summary>
    public static IReadOnlyList<string> Unknown(ProgramNode program) =>
        program.All().Select(node => node.Operator).Distinct()
            .Where(name => name is not ("input" or "let" or "ref" or "outputs") && !Families.Any(family => family.ContainsKey(name)))
            .Order(StringComparer.Ordinal).ToArray();

    /// <summary>The streams that a program puts out.</summary>
    public IReadOnlyList<DStream<object?>> Outputs(ProgramNode program)
    {
        switch (program.Operator)
        {
            case "let":
                _bound[program.Text("name")] = Build(program.Children[0]);
                return Outputs(program.Children[1]);
            case "outputs":
                return program.Children.Select(Build).ToArray();
            default:
                return [Build(program)];
        }
    }

    private DStream<object?> Build(ProgramNode node)
    {
        switch (node.Operator)
        {
            case "input":
                string name = node.Text("name");
                return _inputs.TryGetValue(name, out DStream<object?>? input) ? input : _inputs[name] = inputOf(name);
            case "ref":
                return _bound[node.Text("name")];
            case "let":
                return Outputs(node).Single();
        }

        IReadOnlyDictionary<string, Describe> family = Families.FirstOrDefault(family => family.ContainsKey(node.Operator))
            ?? throw new NotSupportedException($"No operator \"{node.Operator}\" is known; add it to its family.");
        return family[node.Operator](node, node.Children.Select(Build).ToArray());
    }
}
