namespace FastStream.Bench.Load;

/// <summary>The window workload in LINQ: each batch aggregated by address, then the last batches again.</summary>
internal sealed class LinqWindowPeer(int length)
{
    private readonly Queue<List<(string Address, int Count, long Bytes)>> _window = [];

    public IEnumerable<Checksum> Log(IEnumerable<IEnumerable<string>> batches) =>
        batches.Select(lines =>
        {
            if (_window.Count == length)
            {
                _window.Dequeue();
            }

            _window.Enqueue(Aggregate(lines.Select(TextInput.ParseAccess).Select(access => (access.Address, 1, access.Bytes))));
            return TextInput.OfAddresses(Aggregate(_window.SelectMany(batch => batch)));
        });

    private static List<(string Address, int Count, long Bytes)> Aggregate(
        IEnumerable<(string Address, int Count, long Bytes)> requests) => requests
        .AggregateBy(
            request => request.Address,
            (Count: 0, Bytes: 0L),
            (sums, request) => (sums.Count + request.Count, sums.Bytes + request.Bytes))
        .Select(sums => (sums.Key, sums.Value.Count, sums.Value.Bytes))
        .ToList();
}
