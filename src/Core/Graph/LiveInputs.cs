namespace FastStream;

/// <summary>The inputs that lead to an output: only these are started, cut and counted.</summary>
internal static class LiveInputs
{
    /// <summary>Those of the inputs that an output reads from, in their order.</summary>
    public static IReadOnlyList<IInputStream> Of(IReadOnlyList<IInputStream> inputs, IEnumerable<OutputOperation> outputs)
    {
        // Depth first without recursion: described chains may be long.
        var seen = new HashSet<DStream>();
        var toVisit = new Stack<DStream>(outputs.Select(output => output.Stream));
        while (toVisit.TryPop(out DStream? stream))
        {
            if (seen.Add(stream))
            {
                foreach (DStream parent in stream.Parents)
                {
                    toVisit.Push(parent);
                }
            }
        }

        return [.. inputs.Where(input => seen.Contains((DStream)input))];
    }
}
