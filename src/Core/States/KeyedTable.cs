using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FastStream;

/// <summary>
/// The table that keeps keys across batches, for one partition: each key has a number that does not change while the
/// key is present.
/// </summary>
/// <remarks>
/// <code>
/// slots:   | hash | number | … open addressing: <see cref="HashIndex"/>
/// entries: | key | value | hash | next free |   by number, in chunks; removed ones are used again, the last one first
/// </code>
/// Numbers let windows and states refer to an entry without another lookup of its key. The table copies the texts of
/// keys into memory of its own. docs/decisions/0010-state-table.md has the measurements. Belongs to one operator; not
/// thread safe.
/// </remarks>
internal sealed class KeyedTable<TKey, TValue> : IDisposable
{
    private const int Used = -2;         // in Entry.Next: the entry holds a key
    private const int EndOfFree = -1;    // in Entry.Next: no free entry follows
    private const int NotFound = -1;
    private const int NearKeys = 4096;   // up to this many keys fit in the L2 cache: prefetching their entries costs more than it gains

    private readonly CompactingTextArena<TKey> _texts = new();                        // of the keys
    private readonly uint[] _hashes = new uint[RecordBuffer.SpanRecords];   // of the span being located
    private readonly HashIndex _slots = new();
    private readonly HiddenTextFinder? _finder = HiddenTexts<TKey>.NewFinder();   // null if no text can be hidden in a key
    private readonly PagedArray<Entry> _entries = new();
    private int _free = EndOfFree;           // first free entry below End

    public KeyedTable() => StateChecks.ThrowIfEndsWithBatch<TKey>("A key");

    /// <summary>Number of keys.</summary>
    public int Count { get; private set; }

    /// <summary>One more than the greatest number in use: the end of a loop over all numbers.</summary>
    public int End { get; private set; }

    /// <summary>Bytes of the keys' texts.</summary>
    public long TextBytes => _texts.LiveBytes;

    /// <summary>Finds the numbers of a span's keys; adds new keys, in order.</summary>
    /// <remarks>
    /// Works in three passes, so that the cache misses of all keys overlap: prefetch the slots, then the entries that
    /// they name, then compare keys.
    /// </remarks>
    /// <param name="items">At most as many records as a span has.</param>
    /// <param name="numbers">Receives the numbers.</param>
    /// <param name="added">Receives the numbers of new keys, also of those before one whose comparison throws.</param>
    public void Locate<TItem, TKeyOf>(ReadOnlySpan<TItem> items, Span<int> numbers, PooledList<int> added)
        where TKeyOf : struct, IKeyOf<TItem, TKey>
    {
        numbers = numbers[..items.Length];
        Span<uint> hashes = _hashes.AsSpan(0, items.Length);
        Prepare<TItem, TKeyOf>(items, hashes);
        bool isNear = Count <= NearKeys && _slots.Places.Length == 1;
        if (!isNear)
        {
            Guess(hashes, numbers);
        }

        for (int i = 0; i < items.Length; i++)
        {
            i = isNear ? FindNear<TItem, TKeyOf>(items, hashes, numbers, i) : Confirm<TItem, TKeyOf>(items, numbers, i);
            if (i < items.Length)
            {
                numbers[i] = GetOrAdd(hashes[i], in TKeyOf.Of(in items[i]), out bool exists);
                if (!exists)
                {
                    added.Add(numbers[i]);
                }
            }
        }
    }

    /// <summary>The number of a key, or -1.</summary>
    public int Find(uint hash, in TKey key)
    {
        HashIndex.Place place = _slots.PlaceOf(hash);
        for (uint index = hash & place.Mask; ; index = (index + 1) & place.Mask)
        {
            HashIndex.Slot slot = place[index];
            if (slot.NumberPlus1 == 0)
            {
                return NotFound;
            }

            if (slot.Hash == hash && EqualityComparer<TKey>.Default.Equals(_entries[slot.NumberPlus1 - 1].Key, key))
            {
                return slot.NumberPlus1 - 1;
            }
        }
    }

    /// <summary>The number of a key, which is added with a default value if it is new.</summary>
    public int GetOrAdd(uint hash, in TKey key, out bool exists)
    {
        int number = Find(hash, in key);
        exists = number >= 0;
        return exists ? number : Add(hash, in key);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref readonly TKey KeyAt(int number) => ref _entries[number].Key;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref TValue ValueAt(int number) => ref _entries[number].Value;

    /// <summary>
    /// A cursor for a loop over many numbers, which keeps in registers where entries are. No key may be added
    /// meanwhile.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Walker GetCursor() => new(_entries.GetCursor());

    /// <summary>Removes a key; its number may be reused.</summary>
    public void Remove(int number)
    {
        ref Entry entry = ref _entries[number];
        _slots.Remove(entry.Hash, number);
        _texts.Forget(ref entry.Key, exists: true);
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

    /// <summary>Keeps the keys' texts valid as long as a batch that reads them.</summary>
    public void HoldKeyTexts(BatchContext batch)
    {
        _texts.HoldFor(batch);
        if (_texts.ShouldCompact)
        {
            // Holds both memories when keys move: emitted records lie in the old one, later ones in the new one.
            CompactTexts();
            _texts.HoldFor(batch);
        }
    }

    public void Dispose()
    {
        _slots.Dispose();
        _entries.Dispose();
        _texts.Dispose();
    }

    // Hashes the keys and prefetches their slots.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Prepare<TItem, TKeyOf>(ReadOnlySpan<TItem> items, Span<uint> hashes)
        where TKeyOf : struct, IKeyOf<TItem, TKey>
    {
        ReadOnlySpan<HashIndex.Place> places = _slots.Places;
        bool anyLong = false;
        for (int i = 0; i < items.Length && i < hashes.Length; i++)
        {
            uint hash;
            if (typeof(TKey) == typeof(Utf8Text))
            {
                // As short texts first, in a loop without a call; if any is long, all are hashed again.
                ref readonly Utf8Text text = ref Unsafe.As<TKey, Utf8Text>(ref Unsafe.AsRef(in TKeyOf.Of(in items[i])));
                hash = text.HashAsShort();
                anyLong |= text.IsLong;
            }
            else
            {
                hash = KeyHash.Of(in TKeyOf.Of(in items[i]));
            }

            hashes[i] = hash;
            places[HashIndex.Index(hash, places.Length)].Prefetch(hash);
        }

        for (int i = 0; anyLong && i < items.Length; i++)
        {
            hashes[i] = KeyHash.Of(in TKeyOf.Of(in items[i]));
            places[HashIndex.Index(hashes[i], places.Length)].Prefetch(hashes[i]);
        }
    }

    // Finds the numbers of the first keys that have the hashes, usually the right keys, and prefetches their entries.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Guess(ReadOnlySpan<uint> hashes, Span<int> numbers)
    {
        ReadOnlySpan<HashIndex.Place> places = _slots.Places;
        PagedArray<Entry>.Records entries = _entries.GetCursor();
        for (int i = 0; i < hashes.Length && i < numbers.Length; i++)
        {
            uint hash = hashes[i];
            int number = places[HashIndex.Index(hash, places.Length)].FirstWith(hash);
            numbers[i] = number;
            entries.Prefetch(Math.Max(number, 0));
        }
    }

    // Searches slots and keys in one pass, in the one segment. Stops as Confirm does.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private int FindNear<TItem, TKeyOf>(ReadOnlySpan<TItem> items, ReadOnlySpan<uint> hashes, Span<int> numbers, int from)
        where TKeyOf : struct, IKeyOf<TItem, TKey>
    {
        HashIndex.Place place = _slots.Places[0];
        PagedArray<Entry>.Records entries = _entries.GetCursor();
        for (int i = from; i < items.Length && i < hashes.Length && i < numbers.Length; i++)
        {
            uint hash = hashes[i];
            int number = place.FirstWith(hash);
            if (number < 0 || !AreSurelyEqual(in entries[number].Key, in TKeyOf.Of(in items[i])))
            {
                return i;
            }

            numbers[i] = number;
        }

        return items.Length;
    }

    // Compares the keys, in a loop without calls. Returns the index of the first key that needs a call: it is new, or a
    // long text, or shares its hash with another.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private int Confirm<TItem, TKeyOf>(ReadOnlySpan<TItem> items, Span<int> numbers, int from)
        where TKeyOf : struct, IKeyOf<TItem, TKey>
    {
        PagedArray<Entry>.Records entries = _entries.GetCursor();
        for (int i = from; i < items.Length && i < numbers.Length; i++)
        {
            if (numbers[i] < 0 || !AreSurelyEqual(in entries[numbers[i]].Key, in TKeyOf.Of(in items[i])))
            {
                return i;
            }
        }

        return items.Length;
    }

    // Without a call; false for equal long texts, too.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool AreSurelyEqual(in TKey left, in TKey right) => typeof(TKey) == typeof(Utf8Text)
        ? Utf8Text.AreSameWords(in Unsafe.As<TKey, Utf8Text>(ref Unsafe.AsRef(in left)),
            in Unsafe.As<TKey, Utf8Text>(ref Unsafe.AsRef(in right)))
        : EqualityComparer<TKey>.Default.Equals(left, right);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int Add(uint hash, in TKey key)
    {
        _finder?.ThrowIfIn(in key, "A key");
        int number = TakeFree();
        ref Entry entry = ref _entries[number];
        entry = new Entry { Key = key, Hash = hash, Next = Used };
        _texts.Keep(ref entry.Key);
        Count++;
        _slots.Add(hash, number);
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
            _entries.Grow();
        }

        return End++;
    }

    private void CompactTexts()
    {
        _texts.BeginCompaction();
        for (int number = 0; number < End; number++)
        {
            if (_entries[number].Next == Used)
            {
                _texts.Keep(ref _entries[number].Key);
            }
        }

        _texts.EndCompaction();
    }

    /// <summary>See <see cref="GetCursor"/>.</summary>
    public readonly ref struct Walker
    {
        private readonly PagedArray<Entry>.Records _entries;

        internal Walker(PagedArray<Entry>.Records entries) => _entries = entries;

        /// <summary>Whether a number below <see cref="End"/> belongs to a key.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool IsUsed(int number) => _entries[number].Next == Used;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ref readonly TKey KeyAt(int number) => ref _entries[number].Key;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ref TValue ValueAt(int number) => ref _entries[number].Value;

        /// <summary>Prefetches an entry.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Prefetch(int number) => _entries.Prefetch(number);
    }

    [StructLayout(LayoutKind.Auto)]
    internal struct Entry
    {
        public TKey Key;
        public TValue Value;
        public uint Hash;
        public int Next;
    }
}
