using System.Buffers;
using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>Sorts a batch's values by group, in two passes over plain arrays: no list and no object for a group.</summary>
/// <remarks>
/// <code>
/// groups:  0  1  0  2  0        as the values come, with the number of the group of each
/// values:  a  b  c  d  e
/// sorted:  a  c  e | b | d      in an array of the batch; ends: 3, 4, 5
/// </code>
/// Values are read in sequence and written to places that do not depend on one another, which a chain of indexes would not give.
/// </remarks>
internal sealed class GroupSorter<T>
{
    private readonly PooledList<T> _values = new();
    private readonly PooledList<int> _groups = new();   // the group of each value
    private GroupValues<T>? _owner;                     // the batch's; null where there are no values
    private T[] _sorted = [];                           // the owner's array
    private int[] _ends = [];                           // pooled; where each group ends in _sorted

    /// <summary>Adds the values of a span of pairs to the groups of their keys.</summary>
    public void AddRange<TKey>(ReadOnlySpan<(TKey Key, T Value)> items, KeyDictionary<TKey> keys) =>
        keys.Find(items, AddValues(items), adds: true);

    /// <summary>Adds the values of a span of pairs.</summary>
    /// <returns>Room for the numbers of their groups, which the caller fills.</returns>
    public Span<int> AddValues<TKey>(ReadOnlySpan<(TKey Key, T Value)> items)
    {
        Span<T> values = _values.Extend(items.Length);
        for (int i = 0; i < items.Length && i < values.Length; i++)
        {
            values[i] = items[i].Value;
        }

        return _groups.Extend(items.Length);
    }

    /// <summary>
    /// Sorts what was added into an array that lives as long as the batch. Groups may be read until
    /// <see cref="Clear"/>; they themselves stay valid.
    /// </summary>
    public void Build(BatchContext batch, int groupCount)
    {
        Span<T> values = _values.Span;
        Span<int> groups = _groups.Span;
        _ends = ArrayPool<int>.Shared.Rent(groupCount + 1);
        Span<int> ends = _ends.AsSpan(0, groupCount + 1);
        ends.Clear();
        foreach (int group in groups)
        {
            ends[group + 1]++;
        }

        // Now the starts: each group's start then moves on, while its values are placed, to its end.
        for (int i = 1; i < ends.Length; i++)
        {
            ends[i] += ends[i - 1];
        }

        if (!values.IsEmpty)
        {
            _owner = new GroupValues<T>(batch.Time, values.Length);
            batch.Keep(_owner);
            _sorted = _owner.Array;
        }

        T[] sorted = _sorted;
        for (int i = 0; i < values.Length; i++)
        {
            sorted[ends[groups[i]]++] = values[i];
        }
    }

    /// <summary>The values of a group; empty where it has none.</summary>
    public Group<T> this[int group]
    {
        get
        {
            int start = group == 0 ? 0 : _ends[group - 1];
            return new Group<T>(_owner, start, _ends[group] - start);
        }
    }

    /// <summary>As a group, for who reads the values at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<T> ValuesOf(int group)
    {
        int start = group == 0 ? 0 : _ends[group - 1];
        return _sorted.AsSpan(start, _ends[group] - start);
    }

    /// <summary>Forgets everything and gives the memory back, but for what the batch owns.</summary>
    public void Clear()
    {
        _values.Clear();
        _groups.Clear();
        _owner = null;
        _sorted = [];
        if (_ends.Length > 0)
        {
            ArrayPool<int>.Shared.Return(_ends);
            _ends = [];
        }
    }
}
