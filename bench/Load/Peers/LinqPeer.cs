namespace FastStream.Bench.Load;

/// <summary>The workloads in LINQ.</summary>
internal static class LinqPeer
{
    public static Checksum Grep(IReadOnlyList<string> batchPaths) =>
        ForEachBatch(batchPaths, lines =>
            TextInput.OfLines(lines.Where(line => line.Contains("ERROR", StringComparison.Ordinal)).ToList()));

    public static Checksum Words(IReadOnlyList<string> batchPaths) =>
        ForEachBatch(batchPaths, lines =>
            TextInput.OfWords(lines
                .SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .CountBy(word => word)
                .ToList()));

    public static Checksum Log(IReadOnlyList<string> batchPaths) =>
        ForEachBatch(batchPaths, lines =>
            TextInput.OfAddresses(lines
                .Select(TextInput.ParseAccess)
                .AggregateBy(
                    access => access.Address,
                    (Count: 0, Bytes: 0L),
                    (sums, access) => (sums.Count + 1, sums.Bytes + access.Bytes))
                .Select(sums => (sums.Key, sums.Value.Count, sums.Value.Bytes))
                .ToList()));

    private static Checksum ForEachBatch(IReadOnlyList<string> batchPaths, Func<IEnumerable<string>, Checksum> batch) =>
        batchPaths.Aggregate(default(Checksum), (run, path) => run.Then(batch(TextInput.ReadLines(path))));
}
