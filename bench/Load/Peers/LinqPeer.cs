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
                .GroupBy(word => word)
                .Select(group => KeyValuePair.Create(group.Key, group.Count()))
                .ToList()));

    public static Checksum Log(IReadOnlyList<string> batchPaths) =>
        ForEachBatch(batchPaths, lines =>
        {
            var requests = lines.Select(TextInput.ParseAccess).ToList();
            var counts = requests.GroupBy(request => request.Address).Select(group => (group.Key, Count: group.Count()));
            var bytes = requests.GroupBy(request => request.Address).Select(group => (group.Key, Bytes: group.Sum(request => request.Bytes)));
            return TextInput.OfAddresses(counts
                .Join(bytes, count => count.Key, sum => sum.Key, (count, sum) => (count.Key, count.Count, sum.Bytes))
                .ToList());
        });

    /// <summary>With the newer <c>CountBy</c>, which keeps no groups.</summary>
    public static Checksum WordsCounted(IReadOnlyList<string> batchPaths) =>
        ForEachBatch(batchPaths, lines =>
            TextInput.OfWords(lines
                .SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .CountBy(word => word)
                .ToList()));

    /// <summary>With the newer <c>AggregateBy</c>, both sums in one pass and no join.</summary>
    public static Checksum LogAggregated(IReadOnlyList<string> batchPaths) =>
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
