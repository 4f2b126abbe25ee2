using System.Buffers;

namespace FastStream;

/// <summary>
/// Consecutive records of one partition, all in one block. One thread adds; others read the published ones.
/// </summary>
internal sealed class RecordSegment
{
    private readonly RawRecord[] _records;   // rented from the array pool
    private readonly PrefetchBudget _budget;
    private int _count;                      // number of published records
    private volatile bool _isClosed;
    private int _holders = 1;                // the adding and the taking thread together count as one; each reading batch is one more
    private long _bytes;                     // counted in the budget

    public RecordSegment(Block block, int capacity, PrefetchBudget budget)
    {
        Block = block;
        block.Retain();
        _budget = budget;
        _records = ArrayPool<RawRecord>.Shared.Rent(capacity);
    }

    public Block Block { get; }

    public int Capacity => _records.Length;

    public int Count => Volatile.Read(ref _count);

    public ReadOnlySpan<RawRecord> Records(int start, int count) => _records.AsSpan(start, count);

    /// <summary>Adds a record and publishes it; false when the segment is full.</summary>
    public bool TryAdd(in RawRecord record)
    {
        int count = _count;
        if (count == _records.Length)
        {
            return false;
        }

        _records[count] = record;
        _bytes += record.ByteCount + RawRecord.Overhead;
        Volatile.Write(ref _count, count + 1);
        return true;
    }

    /// <summary>
    /// Whether nothing is added any more. Read it before <see cref="Count"/>: if it is true, that count is final.
    /// </summary>
    public bool IsClosed => _isClosed;

    /// <summary>Closes the segment: nothing is added any more, and its bytes count in the budget.</summary>
    public void Close()
    {
        _budget.Add(_bytes);
        _isClosed = true;
    }

    public void Retain() => Interlocked.Increment(ref _holders);

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            Block.Release();
            ArrayPool<RawRecord>.Shared.Return(_records);
            _budget.Remove(_bytes);
        }
    }
}
