using System.Collections;
using System.Diagnostics;

namespace FastStream;

/// <summary>
/// The values of one key in one batch, in order of arrival. A group is a part of an array that the batch owns, and is
/// no object of its own.
/// </summary>
/// <remarks>
/// Valid as long as its batch: in operators of the same batch, in an output's function, and longer if the batch is
/// retained. Reading it later throws <see cref="ObjectDisposedException"/>; a <see cref="Span"/> or a <c>foreach</c>
/// that began before the end is not checked. To keep values longer, copy them with <see cref="ToArray"/>. Reading is
/// safe from any thread.
/// </remarks>
/// <typeparam name="T">The value.</typeparam>
[DebuggerDisplay("group of {Count}")]
public readonly struct Group<T> : IReadOnlyList<T>
{
    private readonly GroupValues<T>? _values;   // the values of the batch; null in a default group, which is empty
    private readonly int _start;

    internal Group(GroupValues<T>? values, int start, int count)
    {
        _values = values;
        _start = start;
        Count = count;
    }

    /// <summary>Number of values.</summary>
    public int Count { get; }

    /// <summary>The values as a span, for fast loops.</summary>
    /// <exception cref="ObjectDisposedException">The batch is over.</exception>
    public ReadOnlySpan<T> Span => new(_values?.Array, _start, Count);

    /// <summary>One value, in order of arrival.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="index"/> is negative or not below <see cref="Count"/>.</exception>
    /// <exception cref="ObjectDisposedException">The batch is over.</exception>
    public T this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            return _values!.Array[_start + index];
        }
    }

    /// <summary>The values in a new array, which may be kept.</summary>
    /// <exception cref="ObjectDisposedException">The batch is over.</exception>
    public T[] ToArray() => Span.ToArray();

    /// <summary>Enumerates the values without allocating.</summary>
    /// <exception cref="ObjectDisposedException">The batch is over.</exception>
    public ArraySegment<T>.Enumerator GetEnumerator() => Segment.GetEnumerator();

    IEnumerator<T> IEnumerable<T>.GetEnumerator() => Enumerate(_values, _start, Segment.Count);

    IEnumerator IEnumerable.GetEnumerator() => Enumerate(_values, _start, Segment.Count);

    /// <summary>The values as outputs print them: <c>[1, 2]</c>.</summary>
    public override string ToString() => RecordText.Of(this);

    private ArraySegment<T> Segment => new(_values?.Array ?? [], _start, Count);

    // Checks at each step whether the batch is over: the caller may pause the enumeration and resume it at any time.
    private static IEnumerator<T> Enumerate(GroupValues<T>? values, int start, int count)
    {
        for (int i = 0; i < count; i++)
        {
            yield return values!.Array[start + i];
        }
    }
}
