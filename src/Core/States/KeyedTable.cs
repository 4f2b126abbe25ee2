using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FastStream;

/// <summary>
/// The table that keeps keys over batches, for one partition: each key has a number that stays its own while the key is
/// there.
/// </summary>
/// <remarks>
/// <code>
/// slots:   | hash | number | … open addressing: <see cref="HashIndex"/>
/// entries: | key | value | hash | next free |   by number, in chunks; removed ones are used again, the last one first
/// </code>
/// Numbers let windows and state point at an entry without looking its key up again. Texts of keys are copied into
/// memory of the table's own. docs/decisions/0010-state-table.md has what was measured. Belongs to one operator; not
/// thread safe.
/// </remarks>
internal sealed class KeyedTable<TKey, TValue> : IDisposable
{
    private const int Used = -2;         // in Entry.Next: the entry is a key's
    private const int EndOfFree = -1;    // in Entry.Next: no free entry follows
    private const int NotFound = -1;
    private const int NearKeys = 4096;   // so many keys stay in a near cache: asking for their entries beforehand costs more than it gives

    private readonly CompactingTextArena<TKey> _texts = new();                        // of the keys
    private readonly uint[] _hashes = new uint[RecordBuffer.SpanRecords];   // of the span being located
    private readonly HashIndex _slots = new();
    private readonly HiddenTextFinder? _finder = HiddenTexts<TKey>.NewFinder();   // null where no text can be hidden in a key
    private readonly PagedArray<Entry> _entries = new();
    private int _free = EndOfFree;           // first free entry below End

    public KeyedTable() => StateChecks.ThrowIfEndsWithBatch<TKey>("A key");

    /// <summary>Number of keys.</summary>
    public int Count { get; private set; }

    /// <summary>One more than the greatest number in use: where a walk over all numbers ends.</summary>
    public int End { get; private set; }

    /// <summary>Bytes of the keys' texts.</summary>
    public long TextBytes => _texts.LiveBytes;

    /// <summary>The numbers of a span's keys; those that were not there are added, in order.</summary>
    /// <remarks>
    /// In three walks, so that the misses of all keys overlap: slots are asked for, then the entries they name, then
    /// keys are compared.
    /// </remarks>
    /// <param name="items">At most a span's records.</param>
    /// <param name="numbers">Gets the numbers.</param>
    /// <param name="added">Gets the numbers of new keys, also of those before one whose comparison throws.</param>
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

    /// <summary>The number of a key; added with a default value if it was not there.</summary>
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

    /// <summary>A loop over many numbers that keeps in registers where entries are. Keys must not be added meanwhile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Walker GetCursor() => new(_entries.GetCursor());

    /// <summary>Forgets a key; its number may be given to another one.</summary>
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

    /// <summary>Lets a batch read the keys' texts as long as it lives.</summary>
    public void HoldKeyTexts(BatchContext batch)
    {
        _texts.HoldFor(batch);
        if (_texts.ShouldCompact)
        {
            // Both places where keys move: records that were put out lie in the old one, those still to come in the new one.
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

    // Hashes the keys and asks the processor for their slots.
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
                // Short texts first, in a loop without a call; the long ones, if there are any, again.
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

    // The numbers of the first keys that have the hashes, which mostly are the keys looked for; asks the processor for their entries.
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

    // Slots and keys in one walk of the one segment. Stops as Confirm does.
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

    // Compares the keys, in a loop without calls. Gives the place of the first one that needs one: it is new, or a long
    // text, or shares its hash with another.
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

    // Without a call: false for equal long texts, too.
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

        /// <summary>Whether a number below <see cref="End"/> is a key's.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool IsUsed(int number) => _entries[number].Next == Used;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ref readonly TKey KeyAt(int number) => ref _entries[number].Key;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ref TValue ValueAt(int number) => ref _entries[number].Value;

        /// <summary>Asks the processor for an entry.</summary>
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
