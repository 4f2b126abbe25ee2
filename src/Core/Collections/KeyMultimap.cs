using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>The values of one key: the first in place, the others in a <see cref="KeyMultimap{T}"/>.</summary>
/// <remarks>
/// Places: 0 is none, 1 is <see cref="First"/>, and from 2 on, element place - 2 of the list of further values. The
/// further values of a key form a ring, so that one number gives both ends: Last is the place of the newest value, and
/// the next one in the ring is the oldest of the further values.
/// </remarks>
internal struct KeyValues<T>
{
    public T First;
    public int Last;

    public readonly bool IsEmpty => Last == 0;
}

/// <summary>The values of numbered keys, for each key in order of arrival.</summary>
internal sealed class KeyMultimap<T>
{
    private readonly PooledList<KeyValues<T>> _keys = new();          // indexed by the keys' numbers
    // second and later values; unused while every key has one value. Next is a place
    private readonly PooledList<(T Value, int Next)> _more = new();

    /// <summary>The values of each key, indexed by the key's number.</summary>
    public ReadOnlySpan<KeyValues<T>> Keys => _keys.Span;

    /// <summary>Adds newly numbered keys, without values.</summary>
    public void Extend(int keyCount) => _keys.Extend(keyCount - _keys.Count).Clear();

    /// <summary>Adds the values of a span of pairs to their keys.</summary>
    /// <param name="items">The pairs.</param>
    /// <param name="numbers">The numbers of their keys; pairs without a number are skipped.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void AddRange<TKey>(ReadOnlySpan<(TKey Key, T Value)> items, ReadOnlySpan<int> numbers)
    {
        Span<KeyValues<T>> keys = _keys.Span;
        for (int i = 0; i < items.Length && i < numbers.Length; i++)
        {
            if ((uint)numbers[i] < (uint)keys.Length)
            {
                ref KeyValues<T> values = ref keys[numbers[i]];
                if (values.Last == 0)
                {
                    values.First = items[i].Value;
                    values.Last = 1;
                }
                else
                {
                    AddMore(ref values, items[i].Value);
                }
            }
        }
    }

    /// <summary>The place after a place, 0 after the last; the first place of a key that has values is 1.</summary>
    public int Next(in KeyValues<T> values, int place) =>
        place == values.Last ? 0 : _more[(place == 1 ? values.Last : place) - 2].Next;

    /// <summary>The value at a place.</summary>
    public T At(in KeyValues<T> values, int place) => place == 1 ? values.First : _more[place - 2].Value;

    /// <summary>Removes all values.</summary>
    public void Clear()
    {
        _keys.Clear();
        _more.Clear();
    }

    private void AddMore(ref KeyValues<T> values, T value)
    {
        int place = _more.Count + 2;
        int oldest = place;
        if (values.Last > 1)
        {
            ref int next = ref _more[values.Last - 2].Next;
            oldest = next;
            next = place;
        }

        _more.Add((value, oldest));
        values.Last = place;
    }
}
