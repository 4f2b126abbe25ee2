using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>
/// Dictionary encoding: numbers the distinct keys of a batch, from 0, in order of arrival, for operators that collect
/// values in arrays of their own. The value of a key is at the index of its number, so that values are written and read
/// in the order of memory.
/// </summary>
/// <remarks>
/// <code>
/// slot: | hash | number + offset |      a slot is in use iff its value is at least the table's offset;
///                                       Clear advances the offset past the batch's numbers
/// keys: in the order of their numbers
/// </code>
/// The load is at most one half, with linear probing, as in <see cref="KeyTable{TKey, TValue}"/>, whose slots contain
/// key and value: docs/decisions/0003-key-table.md says when each of the two is faster. Belongs to one operator; not
/// thread safe.
/// </remarks>
/// <param name="offset">
/// The first batch's offset. Not 0, because fresh memory is zero, which means unused. Values other than 1 are for tests
/// of the wrap-around after 2³¹ keys.
/// </param>
internal sealed class KeyDictionary<TKey>(uint offset = 1)
{
    private const int SmallestCapacity = 16;

    private readonly uint[] _hashes = new uint[Spans.Records];
    private AlignedBuffer<Slot> _slots = new(SmallestCapacity);      // a power of two
    private AlignedBuffer<TKey> _keys = new(SmallestCapacity / 2);   // half as many, as the table is at most half full
    private int _count;                                           // keys now
    private uint _offset = offset;

    /// <summary>Number of keys.</summary>
    public int Count => _count;

    /// <summary>The keys, indexed by number; valid until the next ones are added.</summary>
    public ReadOnlySpan<TKey> Keys => _keys.First(_count);

    /// <summary>Finds the numbers of a span's keys.</summary>
    /// <param name="items">The records, at most as many as a span holds.</param>
    /// <param name="numbers">Receives a number for each record.</param>
    /// <param name="adds">Whether a new key is added with the next number; else it gets -1.</param>
    public void Find<TValue>(ReadOnlySpan<(TKey Key, TValue Value)> items, Span<int> numbers, bool adds)
    {
        // The loop does not stop to grow, so there must be room for all keys.
        while (adds && _slots.Length / 2 - _count < items.Length)
        {
            Grow();
        }

        Span<uint> hashes = _hashes.AsSpan(0, items.Length);
        _slots.Prepare<(TKey Key, TValue Value), TKey, PairKey<TKey, TValue>>(items, hashes);
        for (int i = 0; (i = Walk(new Probe(this), items, hashes, numbers, i, adds, ref _count)) < items.Length; i++)
        {
            numbers[i] = FindSlowly(hashes[i], in items[i].Key, adds);
        }
    }

    /// <summary>Removes all keys; keeps the memory.</summary>
    public void Clear()
    {
        if (RuntimeHelpers.IsReferenceOrContainsReferences<TKey>())
        {
            _keys.First(_count).Clear();
        }

        _offset += (uint)_count;
        _count = 0;
        if (_offset > int.MaxValue)
        {
            _slots.Zero();
            _offset = 1;
        }
    }

    // A loop without calls, so that its variables stay in registers. Returns the index of the first key that needs a
    // call, because long texts must be compared.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Walk<TValue>(
        Probe probe, ReadOnlySpan<(TKey Key, TValue Value)> items, Span<uint> hashes, Span<int> numbers, int from, bool adds, ref int count)
    {
        int next = count;
        int i = from;
        for (; i < items.Length && i < hashes.Length && i < numbers.Length; i++)
        {
            ref readonly TKey key = ref items[i].Key;
            uint index = hashes[i];
            int number = probe.TryFind(ref index, hashes[i], in key, next, adds);
            if (number < Probe.Missing)
            {
                break;
            }

            numbers[i] = number;
            next += number == next ? 1 : 0;
            count = next;   // set at once: a later key's Equals may throw, and Clear must know of this key
        }

        return i;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int FindSlowly(uint hash, in TKey key, bool adds)
    {
        var probe = new Probe(this);
        for (uint index = hash; ; index++)
        {
            int number = probe.TryFind(ref index, hash, in key, _count, adds);
            if (number != Probe.Unknown)
            {
                _count += number == _count ? 1 : 0;
                return number;
            }

            number = (int)(_slots[index].Number - _offset);
            if (EqualityComparer<TKey>.Default.Equals(_keys[(uint)number], key))
            {
                return number;
            }
        }
    }

    private void Grow()
    {
        int capacity = checked(_slots.Length * 2);
        var slots = new AlignedBuffer<Slot>(capacity);
        var keys = new AlignedBuffer<TKey>(capacity / 2);
        uint mask = (uint)capacity - 1;
        foreach (Slot slot in _slots.First(_slots.Length))
        {
            if (slot.Number >= _offset)
            {
                uint index = slot.Hash & mask;
                while (slots[index].Number != 0)
                {
                    index = (index + 1) & mask;
                }

                slots[index] = slot;
            }
        }

        Keys.CopyTo(keys.First(_count));
        _slots.Dispose();
        _keys.Dispose();
        _slots = slots;
        _keys = keys;
    }

    /// <summary>The fields for probing many keys, to be kept in registers.</summary>
    private readonly ref struct Probe(KeyDictionary<TKey> numbers)
    {
        /// <summary>The number of a key that is not in the dictionary.</summary>
        public const int Missing = -1;

        /// <summary>Instead of a number: a call is needed to compare keys.</summary>
        public const int Unknown = -2;

        private readonly ref Slot _slots = ref numbers._slots[0];
        private readonly ref TKey _keys = ref numbers._keys[0];
        private readonly uint _mask = (uint)numbers._slots.Length - 1;
        private readonly uint _offset = numbers._offset;

        /// <summary>The number of a key, without any call.</summary>
        /// <param name="index">Where to begin: the hash at first; afterwards the slot where the search ended.</param>
        /// <param name="hash">The key's hash.</param>
        /// <param name="key">The key.</param>
        /// <param name="next">The number of the next new key.</param>
        /// <param name="adds">Whether a new key is added.</param>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public int TryFind(ref uint index, uint hash, in TKey key, int next, bool adds)
        {
            for (; ; index++)
            {
                index &= _mask;
                ref Slot slot = ref Unsafe.Add(ref _slots, index);
                if (slot.Number < _offset)
                {
                    if (!adds)
                    {
                        return Missing;
                    }

                    slot.Hash = hash;
                    slot.Number = _offset + (uint)next;
                    Unsafe.Add(ref _keys, next) = key;
                    return next;
                }

                if (slot.Hash == hash)
                {
                    uint number = slot.Number - _offset;
                    ref TKey known = ref Unsafe.Add(ref _keys, number);
                    bool found = typeof(TKey) == typeof(Utf8Text)
                        ? Utf8Text.AreSameWords(in Unsafe.As<TKey, Utf8Text>(ref known),
                            in Unsafe.As<TKey, Utf8Text>(ref Unsafe.AsRef(in key)))
                        : EqualityComparer<TKey>.Default.Equals(known, key);
                    return found ? (int)number : Unknown;
                }
            }
        }
    }

    private struct Slot
    {
        public uint Hash;
        public uint Number;   // and the offset
    }
}
