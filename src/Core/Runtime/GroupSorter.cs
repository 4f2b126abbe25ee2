using System.Buffers;
using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>
/// Sorts a batch's values by group, with a counting sort over plain arrays in two passes: no list and no object for
/// each group.
/// </summary>
/// <remarks>
/// <code>
/// groups:  0  1  0  2  0        in order of arrival, with each value's group
/// values:  a  b  c  d  e
/// sorted:  a  c  e | b | d      in an array of the batch; ends: 3, 4, 5
/// </code>
/// The sort reads values in sequence and writes them to places that do not depend on one another; a linked list of
/// indexes would not allow this.
/// </remarks>
internal sealed class GroupSorter<T>
{
    private readonly PooledList<T> _values = new();
    private readonly PooledList<int> _groups = new();   // the group of each value
    private GroupValues<T>? _owner;                     // disposed with the batch; null where there are no values
    private T[] _sorted = [];                           // the owner's array
    private int[] _ends = [];                           // pooled; the end of each group in _sorted

    /// <summary>Adds the values of a span of pairs to the groups of their keys.</summary>
    public void AddRange<TKey>(ReadOnlySpan<(TKey Key, T Value)> items, KeyDictionary<TKey> keys) =>
        keys.Find(items, AddValues(items), adds: true);

    /// <summary>Adds the values of a span of pairs.</summary>
    /// <returns>Room for the group number of each value, which the caller fills.</returns>
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
    /// Sorts the added values into an array that lives as long as the batch. Look groups up until <see cref="Clear"/>;
    /// the groups themselves stay valid after it.
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

        // These are the starts now; while values are placed, each group's start advances to its end.
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

    /// <summary>The values of a group; empty if it has none.</summary>
    public Group<T> this[int group]
    {
        get
        {
            int start = group == 0 ? 0 : _ends[group - 1];
            return new Group<T>(_owner, start, _ends[group] - start);
        }
    }

    /// <summary>As the indexer, for a caller that reads the values at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<T> ValuesOf(int group)
    {
        int start = group == 0 ? 0 : _ends[group - 1];
        return _sorted.AsSpan(start, _ends[group] - start);
    }

    /// <summary>Clears everything and releases the memory, except what the batch owns.</summary>
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
