namespace FastStream.Tests.Conformance.Programs;

/// <summary>Operators that look at one element or one partition at a time.</summary>
internal static class ElementOperators
{
    public static readonly IReadOnlyDictionary<string, ProgramBuilder.Describe> All = new Dictionary<string, ProgramBuilder.Describe>
    {
        ["map"] = (node, streams) => streams[0].Map(ElementFunctions.Map(node.Function)),
        ["filter"] = (node, streams) => streams[0].Filter(ElementFunctions.Filter(node.Function)),
        ["flatMap"] = (node, streams) => streams[0].FlatMap(ElementFunctions.FlatMap(node.Function)),
        ["mapPartitions"] = (node, streams) =>
        {
            Func<IReadOnlyCollection<object?>, IEnumerable<object?>> function = BatchFunctions.Partition(node.Function);
            return streams[0].MapPartitions<object?, object?>(partition => function(partition));
        },
        ["glom"] = (_, streams) => streams[0].Glom().Map(part => (object?)new ValueList(part)),
        ["repartition"] = (node, streams) => streams[0].Repartition((int)node.Number("n")),
        ["persist"] = (_, streams) => streams[0].Cache(),
    };
}
