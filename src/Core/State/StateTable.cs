using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace FastStream;

/// <summary>The table that keeps keys over batches, for one partition: each key has a number that stays its own while the key is there.</summary>
/// <remarks>
/// <code>
/// slots:   | hash | number | … open addressing, at most half full; a removal moves those behind it up
/// entries: | key | value | hash | next free |   by number; removed ones are used again, the last one first
/// </code>
/// Numbers let windows and state point at an entry without looking its key up again. Texts of keys are copied into memory of the table's own.
/// Belongs to one operator; not thread safe.
/// </remarks>
internal sealed class StateTable<TKey, TValue> : IDisposable
{
    private const int SmallestCapacity = 16;
    private const int Used = -2;         // in Entry.Next: the entry is a key's
    private const int EndOfFree = -1;    // in Entry.Next: no free entry follows

    private readonly TextMemory _texts = new();
    private TextLease _keyTexts = new();     // what the keys lie in
    private long _liveTextBytes;             // of the keys' texts
    private long _deadTextBytes;             // of removed keys' texts, still in _keyTexts
    private SlotMemory<Slot> _slots = new(SmallestCapacity);
    private uint _mask = SmallestCapacity - 1;
    private Entry[] _entries = new Entry[SmallestCapacity / 2];
    private int _free = EndOfFree;           // first free entry below _end

    public StateTable()
    {
        if (RecordTexts<TKey>.Unreachable is { } type)
        {
            throw Throw.StateCannotHold("A key", typeof(TKey), type);
        }
    }

    /// <summary>Number of keys.</summary>
    public int Count { get; private set; }

    /// <summary>One more than the greatest number in use: where a walk over all numbers ends.</summary>
    public int End { get; private set; }

    /// <summary>Starts to look many keys up: hashes them and asks the processor for their slots.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Prepare<TItem, TKeyOf>(ReadOnlySpan<TItem> items, Span<uint> hashes)
        where TKeyOf : struct, IKeyOf<TItem, TKey>
    {
        for (int i = 0; i < items.Length && i < hashes.Length; i++)
        {
            uint hash = KeyHash.Of(in TKeyOf.Of(in items[i]));
            hashes[i] = hash;
            Prefetch(ref _slots[hash & _mask]);
        }
    }

    /// <summary>The number of a key, or -1.</summary>
    public int Find(uint hash, in TKey key)
    {
        for (uint index = hash & _mask; ; index = (index + 1) & _mask)
        {
            Slot slot = _slots[index];
            if (slot.NumberPlus1 == 0)
            {
                return -1;
            }

            if (slot.Hash == hash && EqualityComparer<TKey>.Default.Equals(_entries[slot.NumberPlus1 - 1].Key, key))
            {
                return slot.NumberPlus1 - 1;
            }
        }
    }

    /// <summary>The number of a key; added with a default value if it was not there.</summary>
    public int GetOrAdd(uint hash, in TKey key, out bool exists)
    {
        int number = Find(hash, in key);
        exists = number >= 0;
        return exists ? number : Add(hash, in key);
    }

    /// <summary>Whether a number below <see cref="End"/> is a key's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsUsed(int number) => _entries[number].Next == Used;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref readonly TKey KeyAt(int number) => ref _entries[number].Key;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref TValue ValueAt(int number) => ref _entries[number].Value;

    /// <summary>Asks the processor for an entry.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PrefetchAt(int number)
    {
        if (!RuntimeHelpers.IsReferenceOrContainsReferences<Entry>())
        {
            Prefetch(ref _entries[number]);
        }
    }

    /// <summary>Forgets a key; its number may be given to another one.</summary>
    public void Remove(int number)
    {
        ref Entry entry = ref _entries[number];
        uint index = entry.Hash & _mask;
        while (_slots[index].NumberPlus1 != number + 1)
        {
            index = (index + 1) & _mask;
        }

        RemoveSlot(index);
        long textBytes = RecordTexts<TKey>.LongBytes(ref entry.Key);
        _liveTextBytes -= textBytes;
        _deadTextBytes += textBytes;
        entry = default;
        Count--;
        entry.Next = _free;
        _free = number;
        if (Count == 0)
        {
            _free = EndOfFree;
            End = 0;
        }
    }

    /// <summary>Lets a batch read the keys' texts as long as it lives.</summary>
    public void HoldKeyTexts(BatchScope batch)
    {
        if (RecordTexts<TKey>.Any)
        {
            // Both places where keys move: records that were put out lie in the old one, those still to come in the new one.
            batch.Keep(_keyTexts.Retain());
            if (CompactTexts())
            {
                batch.Keep(_keyTexts.Retain());
            }
        }
    }

    public void Dispose()
    {
        _slots.Dispose();
        _keyTexts.Dispose();
    }

    private static unsafe void Prefetch<T>(ref T place)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.As<T, byte>(ref place)));
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int Add(uint hash, in TKey key)
    {
        if (Count >= _slots.Length / 2)
        {
            GrowSlots();
        }

        int number = TakeFree();
        ref Entry entry = ref _entries[number];
        entry = new Entry { Key = key, Hash = hash, Next = Used };
        if (RecordTexts<TKey>.Any)
        {
            RecordTexts<TKey>.Copy(ref entry.Key, _texts, _keyTexts);
            _liveTextBytes += RecordTexts<TKey>.LongBytes(ref entry.Key);
        }

        Count++;
        Place(new Slot { Hash = hash, NumberPlus1 = number + 1 });
        return number;
    }

    private int TakeFree()
    {
        if (_free != EndOfFree)
        {
            int number = _free;
            _free = _entries[number].Next;
            return number;
        }

        if (End == _entries.Length)
        {
            Array.Resize(ref _entries, checked(_entries.Length * 2));
        }

        return End++;
    }

    private void Place(Slot slot)
    {
        uint index = slot.Hash & _mask;
        while (_slots[index].NumberPlus1 != 0)
        {
            index = (index + 1) & _mask;
        }

        _slots[index] = slot;
    }

    private void GrowSlots()
    {
        using SlotMemory<Slot> old = _slots;
        _slots = new SlotMemory<Slot>(checked(old.Length * 2));
        _mask = (uint)_slots.Length - 1;
        for (uint i = 0; i < (uint)old.Length; i++)
        {
            if (old[i].NumberPlus1 != 0)
            {
                Place(old[i]);
            }
        }
    }

    // Those behind the gap move up, unless they are at or behind their own place already: no mark is left that walks would have to step over.
    private void RemoveSlot(uint gap)
    {
        for (uint index = (gap + 1) & _mask; _slots[index].NumberPlus1 != 0; index = (index + 1) & _mask)
        {
            uint home = _slots[index].Hash & _mask;
            if (((index - home) & _mask) >= ((index - gap) & _mask))
            {
                _slots[gap] = _slots[index];
                gap = index;
            }
        }

        _slots[gap] = default;
    }

    // When most of the memory is of keys that are gone, the others move together.
    private bool CompactTexts()
    {
        if (_deadTextBytes < TextMemory.ChunkBytes || _deadTextBytes < _liveTextBytes)
        {
            return false;
        }

        using TextLease old = _keyTexts;
        _keyTexts = new TextLease();
        for (int number = 0; number < End; number++)
        {
            if (IsUsed(number))
            {
                RecordTexts<TKey>.Copy(ref _entries[number].Key, _texts, _keyTexts);
            }
        }

        _deadTextBytes = 0;
        return true;
    }

    [StructLayout(LayoutKind.Auto)]
    private struct Entry
    {
        public TKey Key;
        public TValue Value;
        public uint Hash;
        public int Next;
    }

    private struct Slot
    {
        public uint Hash;
        public int NumberPlus1;
    }
}
