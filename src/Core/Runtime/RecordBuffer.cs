using System.Buffers;
using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>The size of the spans that pass through a chain.</summary>
public static class RecordBuffer
{
    /// <summary>
    /// The most records in one span: 512. Measured flat from 64 records up (docs/decisions/0001-batch-operators.md);
    /// 512 pairs of a text and a number stay inside a 32 KiB first-level cache together with their source.
    /// </summary>
    public const int SpanRecords = Spans.Records;
}

/// <summary>
/// An operator's output buffer, rented from <see cref="ArrayPool{T}"/>: an operator fills it record by record or
/// reserves a span, and the buffer pushes it on span by span.
/// </summary>
/// <remarks>Not thread safe: it belongs to its operator. Allocates nothing once warm.</remarks>
/// <typeparam name="T">The record.</typeparam>
public sealed class RecordBuffer<T>
{
    private readonly Operator<T> _next;   // takes the spans
    private T[] _items = [];              // rented at first use
    private int _count;                   // records waiting to be pushed

    internal RecordBuffer(Operator<T> next) => _next = next;

    /// <summary>Adds one record; pushes the span when it is full.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(T item)
    {
        T[] items = _items;
        int count = _count;
        if ((uint)count < (uint)items.Length)
        {
            items[count] = item;
            _count = count + 1;
        }
        else
        {
            AddToFull(item);
        }
    }

    /// <summary>Adds many records, in order.</summary>
    public void AddRange(ReadOnlySpan<T> items)
    {
        while (!items.IsEmpty)
        {
            if (_count == _items.Length)
            {
                MakeRoom();
            }

            int taken = Math.Min(items.Length, _items.Length - _count);
            items[..taken].CopyTo(_items.AsSpan(_count));
            _count += taken;
            items = items[taken..];
        }
    }

    /// <summary>
    /// Pushes records in the caller's memory to the next operator without copying them, in spans of the right size.
    /// </summary>
    public void Write(ReadOnlySpan<T> items)
    {
        Flush();
        _next.OnManyRecords(items);
    }

    /// <summary>
    /// Reserves room for up to <paramref name="count"/> records (at most <see cref="RecordBuffer.SpanRecords"/>), which
    /// the caller fills and passes to <see cref="Advance"/>. Records added before are pushed first.
    /// </summary>
    public Span<T> GetSpan(int count)
    {
        if (_count != 0 || _items.Length < count)
        {
            Flush();
            Grow(count);
        }

        return _items.AsSpan(0, count);
    }

    /// <summary>Pushes the first records of the reserved span to the next operator; does nothing for 0.</summary>
    public void Advance(int count)
    {
        if (count > 0)
        {
            _next.OnRecords(new ReadOnlySpan<T>(_items, 0, count));
        }
    }

    /// <summary>
    /// The free room after the added records, at least for one; <see cref="Added"/> says how many places the caller
    /// filled.
    /// </summary>
    internal Span<T> Room()
    {
        if (_count == _items.Length)
        {
            MakeRoom();
        }

        return _items.AsSpan(_count);
    }

    /// <summary>Counts the records that the caller put into the first places of <see cref="Room"/>.</summary>
    internal void Added(int count) => _count += count;

    /// <summary>Pushes the added records to the next operator.</summary>
    public void Flush()
    {
        int count = _count;
        _count = 0;
        Advance(count);
    }

    /// <summary>
    /// Takes the records that were added and not pushed, for a caller that handles them itself at once. The buffer then
    /// counts as empty.
    /// </summary>
    internal ReadOnlySpan<T> TakeAdded()
    {
        int count = _count;
        _count = 0;
        return new ReadOnlySpan<T>(_items, 0, count);
    }

    /// <summary>Number of records that were added and not pushed. Setting it to fewer discards those added last.</summary>
    internal int AddedCount
    {
        get => _count;
        set => _count = value;
    }

    /// <summary>Discards the added records.</summary>
    internal void Clear()
    {
        _count = 0;
        Release();
    }

    /// <summary>Releases objects that old records reference, so that an idle stream does not keep them alive.</summary>
    internal void Release()
    {
        if (RuntimeHelpers.IsReferenceOrContainsReferences<T>() && _items.Length > 0)
        {
            Array.Clear(_items);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AddToFull(T item)
    {
        MakeRoom();
        _items[_count++] = item;
    }

    private void MakeRoom()
    {
        if (_items.Length == 0)
        {
            Grow(RecordBuffer.SpanRecords);
        }
        else
        {
            Flush();
        }
    }

    private void Grow(int count)
    {
        if (_items.Length >= count)
        {
            return;
        }

        if (count > RecordBuffer.SpanRecords)
        {
            throw Throw.OutOfRange(nameof(count), count,
                $"at most {RecordBuffer.SpanRecords} records can be reserved at once; AddRange takes any number");
        }

        // Only one span's worth is used even where the pool gives more: operators rely on the bound of a span.
        if (_items.Length > 0)
        {
            ArrayPool<T>.Shared.Return(_items, RuntimeHelpers.IsReferenceOrContainsReferences<T>());
        }

        _items = ArrayPool<T>.Shared.Rent(RecordBuffer.SpanRecords);
    }
}
