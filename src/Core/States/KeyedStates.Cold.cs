using System.Runtime.CompilerServices;

namespace FastStream;

/// <remarks>
/// Between the table and the store: keys are read when a batch touches them or their time is near, and written back
/// when the table is full or a snapshot is taken.
/// <code>
/// batch      keys that the table has not → read together → entries, before the batch's notes
/// accept     what was touched is marked as changed; over the bound, what was not touched for longest leaves (second chance)
/// snapshot   changed entries are copied; a thread of its own brings them into the store
/// </code>
/// While a snapshot is on its way nothing is written to the store, so that it is of one moment: the table may grow by a
/// quarter over its bound then, and waits beyond.
/// </remarks>
internal sealed partial class KeyedStates<TKey, TState>
{
    private readonly PooledList<int> _changed = new();      // entries marked as changed, some of them gone since
    private readonly PooledList<int> _loaded = new();       // entries that were read since the last accepted batch
    private readonly PooledList<int> _opened = new();       // entries without a timer: their time was near when they were read
    private readonly PooledList<int> _told = new();         // entries without a state of which the snapshot under way tells the store
    private readonly ColdTimers? _coldTimers = cold is null || idle is null ? null : new ColdTimers(cold.Shard, idle.Value);
    private StoredValueReader? _takeAdded;                  // made once
    private int _hand;                                      // where the search for entries that may leave goes on
    private int _spared;                                    // entries that a batch after this one has touched are spared at first

    /// <summary>The store; null where all states are in the table.</summary>
    public StoredShard? Shard => cold?.Shard;

    /// <summary>Timers of keys in the store, for a checkpoint; null where there are none.</summary>
    public ColdTimers? ColdTimers => _coldTimers;

    /// <summary>Begins with what a store has.</summary>
    public void BeginFromStore(bool hasBegun) => HasBegun = hasBegun;

    /// <summary>
    /// Hands over what the store has yet to be told. Between batches, when the last one was accepted, and no snapshot
    /// is on its way.
    /// </summary>
    public void Flush(StoredChanges changes)
    {
        ForgetTold();
        foreach (int number in _changed.Span)
        {
            ref KeyedState<TState> entry = ref _table.ValueAt(number);
            if (!entry.Is(StateMarks.Changed))
            {
                continue;   // it has left meanwhile
            }

            entry.Marks = (entry.Marks | StateMarks.InStore) & ~StateMarks.Changed;
            if (entry.Exists)
            {
                // A key in the table has its timer here; in the store it needs one, should the program start again.
                FileCold(number, ref entry);
                cold!.Write(changes, in _table.KeyAt(number), in entry.State, entry.TouchedMs, entry.Is(StateMarks.Filed));
            }
            else
            {
                cold!.Delete(changes, in _table.KeyAt(number));
                _told.Add(number);
            }
        }

        _changed.Clear();
        _coldTimers?.Flush(changes);
    }

    /// <summary>Takes in a state by its bytes in a store. Before the first batch.</summary>
    public void Move(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        byte[] copy = value.ToArray();
        ColdStates<TKey, TState>.SetFiled(copy, _coldTimers is not null);
        _coldTimers?.File(DueOf(ColdStates<TKey, TState>.TouchedMsOf(value)), key);
        cold!.Shard.Write(key, copy);
    }

    /// <summary>Slots of time that have begun are looked at: what is due in them gets into the table. At a batch's begin.</summary>
    public void OpenDue(BatchTime time)
    {
        while (_coldTimers?.First <= time.Milliseconds)
        {
            OpenFirst();
            PutOpened();
        }
    }

    private static long? Earlier(long? left, long? right) => left is null || right < left ? right : left;   // null: never

    // Reads the keys that the span has brought and the table had not.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void LoadAdded()
    {
        foreach (int number in _added.Span)
        {
            cold!.Ask(in _table.KeyAt(number));
        }

        cold!.Read(_takeAdded ??= (index, value) => Take(_added[index], value));
    }

    private void Take(int number, ReadOnlySpan<byte> value)
    {
        ref KeyedState<TState> entry = ref _table.ValueAt(number);
        TState state = cold!.StateOf(value, out long touchedMs, out bool isFiled);
        Set(ref entry, state, new BatchTime(touchedMs));
        entry.Marks = StateMarks.InStore | (isFiled ? StateMarks.Filed : StateMarks.None);
        if (_timers is not null)
        {
            _loaded.Add(number);
        }
    }

    private void MarkChanged(int number)
    {
        ref KeyedState<TState> entry = ref _table.ValueAt(number);
        if (!entry.Is(StateMarks.Changed))
        {
            entry.Marks |= StateMarks.Changed;
            _changed.Add(number);
        }
    }

    private void AcceptCold(BatchTime time)
    {
        ForgetTold();
        ResolveLoaded(time);
        Trim();
    }

    // An entry that was read and then not touched has no timer in the table that is early enough.
    private void ResolveLoaded(BatchTime time)
    {
        PutOpened();
        int left = 0;
        foreach (int number in _opened.Span)
        {
            ref KeyedState<TState> entry = ref _table.ValueAt(number);
            if (!entry.Is(StateMarks.Opened))
            {
                continue;
            }

            if (entry.Exists && entry.TouchedMs != time.Milliseconds)
            {
                _opened[left++] = number;
            }
            else
            {
                entry.Marks &= ~StateMarks.Opened;
            }
        }

        _opened.Truncate(left);
    }

    // Adds those that are due and not among the others already.
    private void AddIdleOfOpened(BatchTime time)
    {
        var seen = new HashSet<int>(_idle.Span.Length);
        foreach (int number in _idle.Span)
        {
            seen.Add(number);
        }

        foreach (int number in _opened.Span)
        {
            ref KeyedState<TState> entry = ref _table.ValueAt(number);
            if (entry.Is(StateMarks.Opened) && entry.Exists && entry.Batch != _batch
                && DueOf(entry.TouchedMs) <= time.Milliseconds && seen.Add(number))
            {
                _idle.Add(number);
            }
        }
    }

    // A slot's begin is early for its keys, some of which were touched since or are gone: it is opened, until a key is
    // known that is due before the next slot begins.
    private long? NextOfCold(long? known)
    {
        long? first = FirstOfOpened();
        while (_coldTimers!.First is { } slot && !(slot >= Earlier(first, known)))
        {
            OpenFirst();
            PutOpened();
            first = FirstOfOpened();
        }

        return first;
    }

    private long? FirstOfOpened()
    {
        long? first = null;
        foreach (int number in _opened.Span)
        {
            ref KeyedState<TState> entry = ref _table.ValueAt(number);
            first = entry.Exists && entry.Is(StateMarks.Opened) ? Earlier(first, DueOf(entry.TouchedMs)) : first;
        }

        return first;
    }

    private void OpenFirst()
    {
        var missing = new List<byte[]>();
        long end = _coldTimers!.EndOfFirst;
        _coldTimers.OpenFirst((due, key) =>
        {
            TKey found = cold!.KeyOf(key.Span);
            int number = _table.Find(KeyHash.Of(in found), in found);
            if (number < 0)
            {
                missing.Add(key.ToArray());
                return;
            }

            // In the table it has its timer; the store is told that it has none there.
            _table.ValueAt(number).Marks &= ~StateMarks.Filed;
            MarkChanged(number);
        });
        foreach (byte[][] span in missing.Chunk(RecordBuffer.SpanRecords))
        {
            LoadDue(span, end);
        }
    }

    // Keys that are due before the end of their slot come into the table; those that were touched since are filed again.
    private void LoadDue(byte[][] keys, long end)
    {
        foreach (byte[] key in keys)
        {
            cold!.Ask(key);
        }

        cold!.Read((index, value) =>
        {
            TState state = cold.StateOf(value, out long touchedMs, out _);
            if (DueOf(touchedMs) >= end)
            {
                _coldTimers!.File(DueOf(touchedMs), keys[index]);
                return;
            }

            TKey key = cold.KeyOf(keys[index]);
            int number = _table.GetOrAdd(KeyHash.Of(in key), in key, out bool exists);
            if (!exists)
            {
                _withoutState++;
                Take(number, value);
                _table.ValueAt(number).Marks &= ~StateMarks.Filed;
                MarkChanged(number);
            }
        });
    }

    private void PutOpened()
    {
        foreach (int number in _loaded.Span)
        {
            ref KeyedState<TState> entry = ref _table.ValueAt(number);
            if (entry.Exists && !entry.Is(StateMarks.Opened))
            {
                entry.Marks |= StateMarks.Opened;
                _opened.Add(number);
            }
        }

        _loaded.Clear();
    }

    // The store knows by now that they are gone.
    private void ForgetTold()
    {
        if (_told.Count == 0 || cold!.Shard.IsSaving)
        {
            return;
        }

        foreach (int number in _told.Span)
        {
            ref KeyedState<TState> entry = ref _table.ValueAt(number);
            if (!entry.Exists && entry.Marks == StateMarks.InStore)
            {
                _table.Remove(number);
            }
        }

        _told.Clear();
    }

    private void Trim()
    {
        if (!IsOver(1, 1))
        {
            return;
        }

        if (cold!.Shard.IsSaving)
        {
            if (!IsOver(5, 4))
            {
                return;
            }

            cold.Shard.WaitForSnapshot();
            ForgetTold();
        }

        _coldTimers?.Clean();
        for (int pass = 0; pass < 2 && IsOver(7, 8); pass++)
        {
            for (int i = _table.End; i > 0 && IsOver(7, 8); i--)
            {
                _hand = _hand + 1 < _table.End ? _hand + 1 : 0;
                if (_table.GetCursor().IsUsed(_hand) && (pass > 0 || _table.ValueAt(_hand).Batch <= _spared))
                {
                    Leave(_hand);
                }
            }
        }

        _spared = _batch - 1;
        ShortenChanged();
        if (_texts.ShouldCompact)
        {
            Compact();
        }
    }

    // Whether the table takes more than a part of what it may.
    private bool IsOver(int part, int of)
    {
        long bytes = (_table.Count * BytesOfEntry) + _texts.LiveBytes + _table.TextBytes;
        return bytes > cold!.Shard.MemoryBytes / 2 * part / of || _table.Count > (long)cold.Shard.MostKeys * part / of;
    }

    // Entries that left stay in the list until the next snapshot, which where there are no checkpoints never comes.
    private void ShortenChanged()
    {
        if (_changed.Count <= 1024 + (2 * _table.Count))
        {
            return;
        }

        _changed.Clear();
        for (int number = 0; number < _table.End; number++)
        {
            if (_table.ValueAt(number).Is(StateMarks.Changed))
            {
                _changed.Add(number);
            }
        }
    }

    // An entry goes from the table; what the store does not know of it is written first.
    private void Leave(int number)
    {
        ref KeyedState<TState> entry = ref _table.ValueAt(number);
        if (entry.Is(StateMarks.Opened) || (entry.Exists && _coldTimers is not null && DueOf(entry.TouchedMs) < _coldTimers.OpenedUntil))
        {
            return;   // its time is near
        }

        if (entry.Exists)
        {
            bool isFiledNow = FileCold(number, ref entry);
            if (isFiledNow || entry.Is(StateMarks.Changed))
            {
                cold!.Write(in _table.KeyAt(number), in entry.State, entry.TouchedMs, entry.Is(StateMarks.Filed));
            }

            _texts.Forget(ref entry.State, exists: true);
        }
        else if (entry.Is(StateMarks.Changed))
        {
            cold!.Delete(in _table.KeyAt(number));
        }

        _table.Remove(number);
    }

    private bool FileCold(int number, ref KeyedState<TState> entry)
    {
        if (_coldTimers is null || entry.Is(StateMarks.Filed))
        {
            return false;
        }

        _coldTimers.File(DueOf(entry.TouchedMs), cold!.KeyBytes(in _table.KeyAt(number)));
        entry.Marks |= StateMarks.Filed;
        return true;
    }

    private long BytesOfEntry => Unsafe.SizeOf<KeyedTable<TKey, KeyedState<TState>>.Entry>() + SlotBytes
        + (RuntimeHelpers.IsReferenceOrContainsReferences<(TKey, TState)>() ? 64 + (2 * cold!.AverageValueBytes) : 0);

    private const int SlotBytes = 20;   // of a hash and a number, at the usual load

    private void GiveCold(RecordBuffer<(TKey Key, TState State)> output, BatchContext batch)
    {
        var memory = new TextArena();
        var lease = new ArenaLease();
        cold!.ReadAll((key, value) =>
        {
            if (_table.Find(KeyHash.Of(in key), in key) < 0)
            {
                RecordTexts<TKey>.Copy(ref key, memory, lease);
                TState state = cold.StateOf(value.Span, out _, out _);
                RecordTexts<TState>.Copy(ref state, memory, lease);
                output.Add((key, state));
            }
        });
        batch.Keep(lease);
    }
}
