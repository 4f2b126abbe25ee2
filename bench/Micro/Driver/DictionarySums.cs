using System.Runtime.InteropServices;

namespace FastStream.Bench.Micro;

/// <summary>The hand-written loop beside sums and counts by key: one dictionary that holds both, emptied after each batch.</summary>
internal sealed class DictionarySums
{
    private readonly Dictionary<long, (long Sum, long Count)> _sums = [];

    /// <summary>Gathers one batch; gives the number of keys.</summary>
    public long RunBatch((long Key, long Value)[] pairs)
    {
        Dictionary<long, (long Sum, long Count)> sums = _sums;
        foreach (ref readonly (long Key, long Value) pair in pairs.AsSpan())
        {
            ref (long Sum, long Count) sum = ref CollectionsMarshal.GetValueRefOrAddDefault(sums, pair.Key, out _);
            sum.Sum += pair.Value;
            sum.Count++;
        }

        long keys = sums.Count;
        sums.Clear();
        return keys;
    }
}
