namespace FastStream.Bench.Load;

/// <summary>The workloads in LINQ.</summary>
internal static class LinqPeer
{
    public static IEnumerable<Checksum> Grep(IEnumerable<IEnumerable<string>> batches) =>
        batches.Select(lines =>
            TextInput.OfLines(lines.Where(line => line.Contains("ERROR", StringComparison.Ordinal)).ToList()));

    public static IEnumerable<Checksum> Words(IEnumerable<IEnumerable<string>> batches) =>
        batches.Select(lines =>
            TextInput.OfWords(lines
                .SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .GroupBy(word => word)
                .Select(group => KeyValuePair.Create(group.Key, group.Count()))
                .ToList()));

    public static IEnumerable<Checksum> Log(IEnumerable<IEnumerable<string>> batches) =>
        batches.Select(lines =>
        {
            var requests = lines.Select(TextInput.ParseAccess).ToList();
            var counts = requests.GroupBy(request => request.Address).Select(group => (group.Key, Count: group.Count()));
            var bytes = requests.GroupBy(request => request.Address)
                .Select(group => (group.Key, Bytes: group.Sum(request => request.Bytes)));
            return TextInput.OfAddresses(counts
                .Join(bytes, count => count.Key, sum => sum.Key, (count, sum) => (count.Key, count.Count, sum.Bytes))
                .ToList());
        });

    /// <summary>With the newer <c>CountBy</c>, which keeps no groups.</summary>
    public static IEnumerable<Checksum> WordsCounted(IEnumerable<IEnumerable<string>> batches) =>
        batches.Select(lines =>
            TextInput.OfWords(lines
                .SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .CountBy(word => word)
                .ToList()));

    /// <summary>With the newer <c>AggregateBy</c>, both sums in one pass and no join.</summary>
    public static IEnumerable<Checksum> LogAggregated(IEnumerable<IEnumerable<string>> batches) =>
        batches.Select(lines =>
            TextInput.OfAddresses(lines
                .Select(TextInput.ParseAccess)
                .AggregateBy(
                    access => access.Address,
                    (Count: 0, Bytes: 0L),
                    (sums, access) => (sums.Count + 1, sums.Bytes + access.Bytes))
                .Select(sums => (sums.Key, sums.Value.Count, sums.Value.Bytes))
                .ToList()));
}
