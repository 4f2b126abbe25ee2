using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>The values of one key: the first in place, the others in a <see cref="KeyMultimap{T}"/>.</summary>
/// <remarks>
/// Places: 0 none, 1 <see cref="First"/>, from 2 the element place - 2 of the chains. Others form a ring, so that one number
/// finds both ends: Last is the place of the newest value, and the one after it in the ring is the oldest of the others.
/// </remarks>
internal struct KeyValues<T>
{
    public T First;
    public int Last;

    public readonly bool IsEmpty => Last == 0;
}

/// <summary>The values of numbered keys, each key's in the order of arrival.</summary>
internal sealed class KeyMultimap<T>
{
    private readonly PooledList<KeyValues<T>> _keys = new();          // at their numbers
    // second and later values; untouched while every key has one. Next is a place
    private readonly PooledList<(T Value, int Next)> _more = new();

    /// <summary>What each key has, at its number.</summary>
    public ReadOnlySpan<KeyValues<T>> Keys => _keys.Span;

    /// <summary>Makes room for keys that were numbered since; they have no values.</summary>
    public void Extend(int keyCount) => _keys.Extend(keyCount - _keys.Count).Clear();

    /// <summary>Adds the values of a span of pairs to those of their keys.</summary>
    /// <param name="items">The pairs.</param>
    /// <param name="numbers">The numbers of their keys; what has none is left out.</param>
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

    /// <summary>Forgets all values.</summary>
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
