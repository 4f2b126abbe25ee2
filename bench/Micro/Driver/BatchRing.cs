namespace FastStream.Bench.Micro;

/// <summary>The last batches that a hand-written window keeps: arrays that are filled in turn.</summary>
internal sealed class BatchRing<T>
{
    private readonly T[][] _arrays;
    private readonly int[] _counts;
    private int _newest;

    public BatchRing(int batches, int records)
    {
        _arrays = [.. Enumerable.Range(0, batches).Select(_ => new T[records])];
        _counts = new int[batches];
    }

    /// <summary>The batch that leaves next; empty before the ring is full.</summary>
    public ReadOnlySpan<T> Oldest => Kept(_arrays.Length - 1);

    /// <summary>A kept batch.</summary>
    /// <param name="age">0 for the newest.</param>
    public ReadOnlySpan<T> Kept(int age)
    {
        int index = (_newest + _arrays.Length - age) % _arrays.Length;
        return _arrays[index].AsSpan(0, _counts[index]);
    }

    /// <summary>Takes the place of the oldest batch: the caller fills it.</summary>
    public Span<T> Next(int count)
    {
        _newest = (_newest + 1) % _arrays.Length;
        _counts[_newest] = count;
        return _arrays[_newest].AsSpan(0, count);
    }
}
