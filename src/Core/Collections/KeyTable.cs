using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FastStream.Runtime;

/// <summary>
/// The table in which keyed operators collect values, for one partition and one batch: open addressing with key and
/// value inline. A probe touches one place in memory, and clearing costs nothing.
/// </summary>
/// <remarks>
/// <code>
/// slot: | key | value | hash | generation |      a slot is in use iff its generation is the table's;
///                                                Clear adds one to the table's generation
/// order: slot numbers in order of the keys' arrival, so that output is deterministic
///        and a batch costs time for its own keys, not for those of the largest earlier batch
/// </code>
/// The load is at most one half, with linear probing. Measured against a dense-entry layout in
/// docs/decisions/0003-key-table.md. Belongs to one operator; not thread safe.
/// </remarks>
internal sealed class KeyTable<TKey, TValue>
{
    private const int SmallestCapacity = 16;

    private readonly bool _hasReferences = RuntimeHelpers.IsReferenceOrContainsReferences<Slot>();
    private AlignedBuffer<Slot> _slots;   // a power of two
    private int[] _order;              // used slots, oldest first
    private int _count;                // keys now
    private uint _mask;                // capacity - 1
    private uint _generation = 1;      // never 0: fresh memory is zero, which means unused

    public KeyTable()
    {
        _slots = new AlignedBuffer<Slot>(SmallestCapacity);
        _order = new int[SmallestCapacity / 2];
        _mask = SmallestCapacity - 1;
    }

    /// <summary>Number of keys.</summary>
    public int Count => _count;

    /// <summary>
    /// Prepares the look-up of many keys: hashes them and prefetches their slots, so that the cache misses overlap.
    /// </summary>
    /// <param name="items">The records, at most as many as a span holds.</param>
    /// <param name="hashes">Receives the keys' hashes.</param>
    public void Prepare<TItem, TKeyOf>(ReadOnlySpan<TItem> items, Span<uint> hashes)
        where TKeyOf : struct, IKeyOf<TItem, TKey> => _slots.Prepare<TItem, TKey, TKeyOf>(items, hashes);

    /// <summary>
    /// A cursor for probing many keys, which keeps the table's fields in registers. Do not use the table otherwise
    /// meanwhile.
    /// </summary>
    public Probe GetCursor() => new(this);

    /// <summary>The value of a key; added with its default if it was missing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref TValue GetOrAdd(uint hash, in TKey key, out bool exists)
    {
        uint index = hash & _mask;
        while (true)
        {
            ref Slot slot = ref _slots[index];
            if (slot.Generation != _generation)
            {
                exists = false;
                return ref Add(index, hash, in key);
            }

            if (slot.Hash == hash && EqualityComparer<TKey>.Default.Equals(slot.Key, key))
            {
                exists = true;
                return ref slot.Value;
            }

            index = (index + 1) & _mask;
        }
    }

    /// <summary>The pair of the n-th key to arrive.</summary>
    /// <param name="place">Its index, from 0; calls in this order prefetch.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (TKey Key, TValue Value) PairAt(int place)
    {
        if (place + 16 < _count)
        {
            _slots.Prefetch((uint)_order[place + 16]);
        }

        ref Slot slot = ref _slots[(uint)_order[place]];
        return (slot.Key, slot.Value);
    }

    /// <summary>Removes all keys; keeps the memory.</summary>
    public void Clear()
    {
        if (_hasReferences)
        {
            foreach (int index in _order.AsSpan(0, _count))
            {
                _slots[(uint)index] = default;
            }
        }

        _count = 0;
        if (++_generation == 0)
        {
            _slots.Zero();
            _generation = 1;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private ref TValue Add(uint index, uint hash, in TKey key)
    {
        if (_count == _order.Length)
        {
            Grow();
            index = hash & _mask;
            while (_slots[index].Generation == _generation)
            {
                index = (index + 1) & _mask;
            }
        }

        ref Slot slot = ref _slots[index];
        slot.Key = key;
        slot.Value = default!;
        slot.Hash = hash;
        slot.Generation = _generation;
        _order[_count++] = (int)index;
        return ref slot.Value;
    }

    private void Grow()
    {
        int capacity = checked(_slots.Length * 2);
        var larger = new AlignedBuffer<Slot>(capacity);
        uint mask = (uint)capacity - 1;
        for (int i = 0; i < _count; i++)
        {
            ref Slot old = ref _slots[(uint)_order[i]];
            uint index = old.Hash & mask;
            while (larger[index].Generation == _generation)
            {
                index = (index + 1) & mask;
            }

            larger[index] = old;
            _order[i] = (int)index;
        }

        Debug.Assert(_count == _slots.Length / 2, "A table grows when half of it is used.");
        _slots.Dispose();
        _slots = larger;
        _mask = mask;
        Array.Resize(ref _order, capacity / 2);
    }

    /// <summary>See <see cref="GetCursor"/>.</summary>
    public ref struct Probe
    {
        private readonly KeyTable<TKey, TValue> _table;
        private readonly ref Slot _first;
        private readonly uint _mask;
        private readonly uint _generation;

        internal Probe(KeyTable<TKey, TValue> table)
        {
            _table = table;
            _first = ref table._slots[0];
            _mask = table._mask;
            _generation = table._generation;
        }

        /// <summary>
        /// The value of a key, added if it was missing. It makes no calls, so that a loop around it keeps its variables
        /// in registers. Returns a null reference if a call is needed, because the table must grow or long texts must
        /// be compared: then call <see cref="KeyTable{TKey, TValue}.GetOrAdd"/>, and get a new cursor.
        /// </summary>
        /// <param name="hash">The key's hash.</param>
        /// <param name="key">The key.</param>
        /// <param name="isNew">Whether the key was added; its value must then be set.</param>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly ref TValue TryGetOrAdd(uint hash, in TKey key, out bool isNew)
        {
            for (uint index = hash & _mask; ; index = (index + 1) & _mask)
            {
                ref Slot slot = ref Unsafe.Add(ref _first, index);
                if (slot.Generation != _generation)
                {
                    isNew = true;
                    int[] order = _table._order;
                    int count = _table._count;
                    if ((uint)count >= (uint)order.Length)
                    {
                        return ref Unsafe.NullRef<TValue>();
                    }

                    order[count] = (int)index;
                    _table._count = count + 1;
                    slot.Key = key;
                    slot.Hash = hash;
                    slot.Generation = _generation;
                    return ref slot.Value;
                }

                if (slot.Hash == hash)
                {
                    isNew = false;
                    bool found = typeof(TKey) == typeof(Utf8Text)
                        ? Utf8Text.AreSameWords(in Unsafe.As<TKey, Utf8Text>(ref slot.Key),
                            in Unsafe.As<TKey, Utf8Text>(ref Unsafe.AsRef(in key)))
                        : EqualityComparer<TKey>.Default.Equals(slot.Key, key);
                    return ref found ? ref slot.Value : ref Unsafe.NullRef<TValue>();
                }
            }
        }
    }

    [StructLayout(LayoutKind.Auto)]
    private struct Slot
    {
        public TKey Key;
        public TValue Value;
        public uint Hash;
        public uint Generation;
    }
}
