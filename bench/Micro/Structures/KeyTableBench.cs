using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>
/// One batch of evenly drawn keys counted in the table of keyed operators, against a dictionary and
/// <see cref="CollectionsMarshal"/>; both are emptied afterwards.
/// </summary>
public class KeyTableBench
{
    private readonly KeyTable<long, long> _table = new();
    private readonly Dictionary<long, long> _dictionary = [];
    private readonly uint[] _hashes = new uint[RecordBuffer.SpanRecords];
    private long[] _keys = [];

    [Params(1_000, 100_000)]
    public int Keys { get; set; }

    [GlobalSetup]
    public void Setup() => _keys = Records.EvenKeys(Records.BatchRecords, Keys);

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        Dictionary<long, long> counts = _dictionary;
        foreach (long key in _keys)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(counts, key, out _)++;
        }

        long found = counts.Count;
        counts.Clear();
        return found;
    }

    [Benchmark]
    public long GetOrAdd()
    {
        for (int start = 0; start < _keys.Length; start += RecordBuffer.SpanRecords)
        {
            CountSpan(_keys.AsSpan(start, Math.Min(RecordBuffer.SpanRecords, _keys.Length - start)));
        }

        long found = _table.Count;
        _table.Clear();
        return found;
    }

    // As operators do: a span's hashes first, so that the slots are on their way before they are needed.
    private void CountSpan(ReadOnlySpan<long> keys)
    {
        KeyTable<long, long> table = _table;
        Span<uint> hashes = _hashes.AsSpan(0, keys.Length);
        table.Prepare<long, WholeKey<long>>(keys, hashes);
        for (int i = 0; i < keys.Length; i++)
        {
            table.GetOrAdd(hashes[i], in keys[i], out _)++;
        }
    }
}
