using System.Reactive.Linq;

namespace FastStream.Bench.Load;

/// <summary>The workloads in Rx (System.Reactive).</summary>
internal static class RxPeer
{
    public static IEnumerable<Checksum> Grep(IEnumerable<IEnumerable<string>> batches) =>
        ForEachBatch(batches, lines => lines
            .Where(line => line.Contains("ERROR", StringComparison.Ordinal))
            .ToList()
            .Select(TextInput.OfLines));

    public static IEnumerable<Checksum> Words(IEnumerable<IEnumerable<string>> batches) =>
        ForEachBatch(batches, lines => lines
            .SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .GroupBy(word => word)
            .SelectMany(group => group.Count().Select(count => KeyValuePair.Create(group.Key, count)))
            .ToList()
            .Select(TextInput.OfWords));

    public static IEnumerable<Checksum> Log(IEnumerable<IEnumerable<string>> batches) =>
        ForEachBatch(batches, lines => lines
            .Select(TextInput.ParseAccess)
            .GroupBy(access => access.Address, access => access.Bytes)
            .SelectMany(group => group
                .Aggregate((Count: 0, Bytes: 0L), (sums, bytes) => (sums.Count + 1, sums.Bytes + bytes))
                .Select(sums => (group.Key, sums.Count, sums.Bytes)))
            .ToList()
            .Select(TextInput.OfAddresses));

    private static IEnumerable<Checksum> ForEachBatch(
        IEnumerable<IEnumerable<string>> batches, Func<IObservable<string>, IObservable<Checksum>> batch) =>
        batches.Select(lines => batch(lines.ToObservable()).Wait());
}
