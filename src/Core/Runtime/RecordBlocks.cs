using System.Buffers;
using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>
/// Records in pooled arrays, in order of arrival: one thread fills and seals them, any thread reads them, and they are
/// returned once.
/// </summary>
internal sealed class RecordBlocks<T> : IDisposable
{
    private const int SmallestBlockRecords = 128;
    private const int TimesLarger = 3;   // the first blocks grow fourfold each, so that few records take little memory

    private ArraySegment<T>[] _blocks = [];   // the full or sealed ones; pooled too
    private int _blockCount;
    private T[] _filling = [];                // the block after them
    private int _count;                       // records in it

    /// <summary>The records in full blocks; all records once sealed.</summary>
    public ReadOnlySpan<ArraySegment<T>> Blocks => _blocks.AsSpan(0, _blockCount);

    /// <summary>Number of blocks.</summary>
    public int BlockCount => _blockCount;

    /// <summary>One of the blocks.</summary>
    public ArraySegment<T> this[int index] => _blocks[index];

    /// <summary>Number of records in <see cref="Blocks"/>.</summary>
    /// <exception cref="OverflowException">There are more than <see cref="int.MaxValue"/>.</exception>
    public int Count => checked((int)LongCount);

    /// <summary>Number of records in <see cref="Blocks"/>.</summary>
    public long LongCount
    {
        get
        {
            long count = 0;
            foreach (ref readonly ArraySegment<T> block in Blocks)
            {
                count += block.Count;
            }

            return count;
        }
    }

    /// <summary>Adds copies of records.</summary>
    public void Add(ReadOnlySpan<T> items)
    {
        while (!items.IsEmpty)
        {
            if (_count == _filling.Length)
            {
                Seal();
                _filling = ArrayPool<T>.Shared
                    .Rent(Math.Max(SmallestBlockRecords << (2 * Math.Min(_blockCount, TimesLarger)), items.Length));
            }

            int taken = Math.Min(items.Length, _filling.Length - _count);
            items[..taken].CopyTo(_filling.AsSpan(_count));
            _count += taken;
            items = items[taken..];
        }
    }

    /// <summary>Adds room for a number of records, which the caller fills.</summary>
    public Span<T> Append(int count)
    {
        Seal();
        _filling = ArrayPool<T>.Shared.Rent(count);
        _count = count;
        return _filling.AsSpan(0, count);
    }

    /// <summary>Ends the block being filled.</summary>
    public void Seal()
    {
        if (_count > 0)
        {
            if (_blockCount == _blocks.Length)
            {
                ArraySegment<T>[] larger = ArrayPool<ArraySegment<T>>.Shared.Rent(Math.Max(1, 2 * _blockCount));
                Blocks.CopyTo(larger);
                ReturnList();
                _blocks = larger;
            }

            _blocks[_blockCount++] = new ArraySegment<T>(_filling, 0, _count);
        }

        _filling = [];
        _count = 0;
    }

    /// <summary>The records in a new array.</summary>
    public T[] ToArray()
    {
        var all = new T[Count];
        int next = 0;
        foreach (ref readonly ArraySegment<T> block in Blocks)
        {
            block.CopyTo(all, next);
            next += block.Count;
        }

        return all;
    }

    /// <summary>Pushes the records to an operator.</summary>
    public void PassTo(RecordBuffer<T> output)
    {
        foreach (ref readonly ArraySegment<T> block in Blocks)
        {
            output.Write(block);
        }
    }

    /// <summary>Returns the arrays to the pool; the object is then empty and can be filled again.</summary>
    public void Dispose()
    {
        Seal();
        foreach (ref readonly ArraySegment<T> block in Blocks)
        {
            ArrayPool<T>.Shared.Return(block.Array!, RuntimeHelpers.IsReferenceOrContainsReferences<T>());
        }

        ReturnList();
        _blockCount = 0;
    }

    private void ReturnList()
    {
        if (_blocks.Length > 0)
        {
            ArrayPool<ArraySegment<T>>.Shared.Return(_blocks, clearArray: true);
            _blocks = [];
        }
    }
}
