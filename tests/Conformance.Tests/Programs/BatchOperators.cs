namespace FastStream.Tests.Conformance.Programs;

/// <summary>Operators that look at whole batches.</summary>
internal static class BatchOperators
{
    public static readonly IReadOnlyDictionary<string, ProgramBuilder.Describe> All = new Dictionary<string, ProgramBuilder.Describe>
    {
        ["union"] = (_, streams) => streams[0].Union(streams.Skip(1).ToArray()),
        ["count"] = (_, streams) => streams[0].Count().Map(count => (object?)count),
        ["countByValue"] = (_, streams) => streams[0].CountByValue().Map(pair => (object?)ValueList.OfPair(pair)),
        ["reduce"] = (node, streams) => streams[0].Reduce(ElementFunctions.Reduce(node.Function)),
        ["transform"] = (node, streams) =>
        {
            Func<IEnumerable<object?>, BatchTime, IEnumerable<object?>> function = BatchFunctions.Transform(node.Function);
            return streams[0].Transform<object?, object?>((batch, time) => function(batch, time));
        },
        ["transformWith"] = (node, streams) =>
        {
            Func<IEnumerable<object?>, IEnumerable<object?>, BatchTime, IEnumerable<object?>> function =
                BatchFunctions.TransformOfTwo(node.Function);
            return streams[0].TransformWith<object?, object?, object?>(streams[1], (left, right, time) => function(left, right, time));
        },
        ["transformAll"] = (node, streams) =>
        {
            // Applied from the left.
            Func<IEnumerable<object?>, IEnumerable<object?>, BatchTime, IEnumerable<object?>> function =
                BatchFunctions.TransformOfTwo(node.Function);
            return streams[0].Context.Transform<object?, object?>(
                streams, (batches, time) => batches.Aggregate<IEnumerable<object?>>((left, right) => function(left, right, time)));
        },
    };
}
