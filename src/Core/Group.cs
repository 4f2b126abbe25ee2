using System.Collections;
using System.Diagnostics;

namespace FastStream;

/// <summary>
/// The values of one key in one batch, in the order of arrival: a part of an array that the batch owns, so that a group
/// costs no object.
/// </summary>
/// <remarks>
/// Valid as long as its batch is: in operators of the same batch, in an output's function, and longer where the batch
/// is retained. Reading it later throws
/// <see cref="ObjectDisposedException"/>; a <see cref="Span"/> or a <c>foreach</c> that was begun before the end is not looked after.
/// What must live longer takes <see cref="ToArray"/>. Reading is safe from any thread.
/// </remarks>
/// <typeparam name="T">The value.</typeparam>
[DebuggerDisplay("group of {Count}")]
public readonly struct Group<T> : IReadOnlyList<T>
{
    private readonly GroupValues<T>? _values;   // the batch's; null in a default group, which is empty
    private readonly int _start;

    internal Group(GroupValues<T>? values, int start, int count)
    {
        _values = values;
        _start = start;
        Count = count;
    }

    /// <summary>Number of values.</summary>
    public int Count { get; }

    /// <summary>The values, for loops that run fast.</summary>
    /// <exception cref="ObjectDisposedException">The batch is over.</exception>
    public ReadOnlySpan<T> Span => new(_values?.Array, _start, Count);

    /// <summary>One value, by arrival.</summary>
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

    /// <summary>Walks the values without an object.</summary>
    /// <exception cref="ObjectDisposedException">The batch is over.</exception>
    public ArraySegment<T>.Enumerator GetEnumerator() => Segment.GetEnumerator();

    IEnumerator<T> IEnumerable<T>.GetEnumerator() => Walk(_values, _start, Segment.Count);

    IEnumerator IEnumerable.GetEnumerator() => Walk(_values, _start, Segment.Count);

    /// <summary>The values as outputs print them: <c>[1, 2]</c>.</summary>
    public override string ToString() => RecordText.Of(this);

    private ArraySegment<T> Segment => new(_values?.Array ?? [], _start, Count);

    // Looks at each step whether the batch is over: such a walk may stop and go on at any time.
    private static IEnumerator<T> Walk(GroupValues<T>? values, int start, int count)
    {
        for (int i = 0; i < count; i++)
        {
            yield return values!.Array[start + i];
        }
    }
}
