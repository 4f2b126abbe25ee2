namespace FastStream;

/// <summary>The values of one key, inside its table slot: the first in place, the others in a <see cref="ValueChains{T}"/>.</summary>
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

/// <summary>What does not fit into the slots: the second and later values of keys. Nothing is touched while every key has one value.</summary>
internal sealed class ValueChains<T>
{
    private readonly PooledList<(T Value, int Next)> _more = new();   // Next is a place

    /// <summary>Adds a key's next value.</summary>
    public void Append(ref KeyValues<T> values, T value)
    {
        if (values.Last == 0)
        {
            values.First = value;
            values.Last = 1;
            return;
        }

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

    /// <summary>The place after a place, 0 after the last; the first place of a key that has values is 1.</summary>
    public int Next(in KeyValues<T> values, int place) =>
        place == values.Last ? 0 : _more[(place == 1 ? values.Last : place) - 2].Next;

    /// <summary>The value at a place.</summary>
    public T At(in KeyValues<T> values, int place) => place == 1 ? values.First : _more[place - 2].Value;

    /// <summary>Forgets all values.</summary>
    public void Clear() => _more.Clear();
}
