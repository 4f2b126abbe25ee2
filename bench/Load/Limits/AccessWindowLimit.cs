using System.Runtime.Intrinsics;

namespace FastStream.Bench.Load;

/// <summary>
/// The sums of an access log by address over the last batches: those of a batch that enters are added to the window's,
/// those of the one that leaves are taken out.
/// </summary>
internal sealed class AccessWindowLimit : AccessLogLimit
{
    private readonly AddressTable _window = new();
    private readonly List<(Vector128<byte> Address, long Bytes, long Count)>[] _batches;   // in turn
    private int _next;

    public AccessWindowLimit(int batches) =>
        _batches = [.. Enumerable.Range(0, batches).Select(_ => new List<(Vector128<byte> Address, long Bytes, long Count)>())];

    public override Checksum EndBatch()
    {
        List<(Vector128<byte> Address, long Bytes, long Count)> batch = _batches[_next];
        _next = (_next + 1) % _batches.Length;
        AddAll(batch, sign: -1);
        batch.Clear();
        Sums.MoveTo(batch);
        AddAll(batch, sign: 1);
        return _window.Sum();
    }

    public override void Dispose()
    {
        _window.Dispose();
        base.Dispose();
    }

    private void AddAll(List<(Vector128<byte> Address, long Bytes, long Count)> sums, int sign)
    {
        for (int i = 0; i < sums.Count; i++)
        {
            if (i + 16 < sums.Count)
            {
                _window.HashAndPrefetch(sums[i + 16].Address);
            }

            (Vector128<byte> address, long bytes, long count) = sums[i];
            _window.Reserve(1);
            _window.Add(address, AddressTable.Hash(address), sign * bytes, sign * count);
        }
    }
}
