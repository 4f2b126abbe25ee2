using System.Reactive.Linq;

namespace FastStream.Bench.Load;

/// <summary>The workloads in Rx (System.Reactive).</summary>
internal static class RxPeer
{
    public static Checksum Grep(IReadOnlyList<string> batchPaths) =>
        ForEachBatch(batchPaths, lines => lines
            .Where(line => line.Contains("ERROR", StringComparison.Ordinal))
            .ToList()
            .Select(TextInput.OfLines));

    public static Checksum Words(IReadOnlyList<string> batchPaths) =>
        ForEachBatch(batchPaths, lines => lines
            .SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .GroupBy(word => word)
            .SelectMany(group => group.Count().Select(count => KeyValuePair.Create(group.Key, count)))
            .ToList()
            .Select(TextInput.OfWords));

    public static Checksum Log(IReadOnlyList<string> batchPaths) =>
        ForEachBatch(batchPaths, lines => lines
            .Select(TextInput.ParseAccess)
            .GroupBy(access => access.Address, access => access.Bytes)
            .SelectMany(group => group
                .Aggregate((Count: 0, Bytes: 0L), (sums, bytes) => (sums.Count + 1, sums.Bytes + bytes))
                .Select(sums => (group.Key, sums.Count, sums.Bytes)))
            .ToList()
            .Select(TextInput.OfAddresses));

    private static Checksum ForEachBatch(
        IReadOnlyList<string> batchPaths, Func<IObservable<string>, IObservable<Checksum>> batch) =>
        batchPaths.Aggregate(
            default(Checksum),
            (run, path) => run.Then(batch(TextInput.ReadLines(path).ToObservable()).Wait()));
}
