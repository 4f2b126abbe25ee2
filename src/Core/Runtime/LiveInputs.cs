namespace FastStream.Runtime;

/// <summary>The inputs that lead to an output: only these are started, cut and counted, as in Spark.</summary>
internal static class LiveInputs
{
    /// <summary>The inputs from which an output reads, in their order.</summary>
    public static IReadOnlyList<IInputStream> Of(IReadOnlyList<IInputStream> inputs, IReadOnlyList<OutputOperation> outputs)
    {
        HashSet<DStream> reached = StreamGraph.Reached(outputs);
        return [.. inputs.Where(input => input is not DStream stream || reached.Contains(stream))];
    }
}
