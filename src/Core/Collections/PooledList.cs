using System.Buffers;
using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>
/// A growing array from <see cref="ArrayPool{T}"/>, in which an operator collects elements until the end of a batch;
/// <see cref="Clear"/> returns it to the pool.
/// </summary>
/// <remarks>Not thread safe: it belongs to its operator.</remarks>
internal sealed class PooledList<T>
{
    private const int SmallestLength = 64;

    private T[] _items = [];   // rented at first use
    private int _count;
    private int _lastCount;    // elements before the last Clear: usually enough for the next batch, which is similar

    /// <summary>Number of elements.</summary>
    public int Count => _count;

    /// <summary>The elements; valid until the next one is added.</summary>
    public Span<T> Span => _items.AsSpan(0, _count);

    /// <summary>One element, for reading or changing.</summary>
    public ref T this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _items[index];
    }

    /// <summary>Adds one element.</summary>
    public void Add(T item)
    {
        if (_count == _items.Length)
        {
            Grow(1);
        }

        _items[_count++] = item;
    }

    /// <summary>Adds elements, in order.</summary>
    public void AddRange(ReadOnlySpan<T> items) => items.CopyTo(Extend(items.Length));

    /// <summary>Adds a number of elements, which the caller fills.</summary>
    public Span<T> Extend(int count)
    {
        if (_items.Length - _count < count)
        {
            Grow(count);
        }

        Span<T> added = _items.AsSpan(_count, count);
        _count += count;
        return added;
    }

    /// <summary>Removes the elements after the first <paramref name="count"/>.</summary>
    public void Truncate(int count) => _count = count;

    /// <summary>Removes all elements and returns the array to the pool.</summary>
    public void Clear()
    {
        if (_items.Length > 0)
        {
            Return(_items);
            _items = [];
        }

        _lastCount = _count;
        _count = 0;
    }

    private void Grow(int count)
    {
        int needed = checked(_count + count);
        int expected = _items.Length == 0 ? Math.Max(SmallestLength, _lastCount) : (int)Math.Min(2L * _items.Length, Array.MaxLength);
        T[] larger = ArrayPool<T>.Shared.Rent(Math.Max(needed, expected));
        if (_items.Length > 0)
        {
            _items.AsSpan(0, _count).CopyTo(larger);
            Return(_items);
        }

        _items = larger;
    }

    private static void Return(T[] items) => ArrayPool<T>.Shared.Return(items, RuntimeHelpers.IsReferenceOrContainsReferences<T>());
}
