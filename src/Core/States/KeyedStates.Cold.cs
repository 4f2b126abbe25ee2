using System.Runtime.CompilerServices;

namespace FastStream;

/// <remarks>
/// Works between the table and the store: keys are read when a batch touches them or when they are nearly due, and are
/// written back when the table is full or a snapshot is taken.
/// <code>
/// batch      keys missing in the table → read together → entries, before the batch saves their old values
/// accept     touched entries are marked as changed; over the bound, those untouched for longest leave (second chance)
/// snapshot   changed entries are copied; another thread writes them to the store
/// </code>
/// While a snapshot is being taken nothing else is written to the store, so that the snapshot is of one moment.
/// Meanwhile the table may exceed its bound by a quarter; beyond that, it waits for the snapshot.
/// </remarks>
internal sealed partial class KeyedStates<TKey, TState>
{
    private readonly PooledList<int> _changed = new();      // entries marked as changed; some have left since
    private readonly PooledList<int> _loaded = new();       // entries that were read since the last accepted batch
    private readonly PooledList<int> _opened = new();       // entries without a timer: they were nearly due when they were read
    private readonly PooledList<int> _told = new();         // without a state; the running snapshot writes their removal
    private readonly ColdTimers? _coldTimers = cold is null || idle is null ? null : new ColdTimers(cold.Shard, idle.Value);
    private StoredValueReader? _takeAdded;                  // made once
    private int _hand;                                      // where the search for entries that may leave continues
    private int _spared;                                    // entries that a batch after this one has touched are spared at first

    /// <summary>The store; null if all states are in the table.</summary>
    public StoredShard? Shard => cold?.Shard;

    /// <summary>The timers of keys in the store, for a checkpoint; null if there are none.</summary>
    public ColdTimers? ColdTimers => _coldTimers;

    /// <summary>Begins with the states of a store.</summary>
    public void BeginFromStore(bool hasBegun) => HasBegun = hasBegun;

    /// <summary>
    /// Passes on the changes that the store does not have yet. Call it between batches, when the last one has been
    /// accepted and no snapshot is being taken.
    /// </summary>
    public void Flush(StoredChanges changes)
    {
        ForgetTold();
        foreach (int number in _changed.Span)
        {
            ref KeyedState<TState> entry = ref _table.ValueAt(number);
            if (!entry.Is(StateMarks.Changed))
            {
                continue;   // it has left in the meantime
            }

            entry.Marks = (entry.Marks | StateMarks.InStore) & ~StateMarks.Changed;
            if (entry.Exists)
            {
                // A key in the table has its timer in memory; it needs one in the store too, in case the program starts
                // again.
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

    /// <summary>Adds a state, given as its bytes in a store. Call it before the first batch.</summary>
    public void Move(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        byte[] copy = value.ToArray();
        ColdStates<TKey, TState>.SetFiled(copy, _coldTimers is not null);
        _coldTimers?.File(DueOf(ColdStates<TKey, TState>.TouchedMsOf(value)), key);
        cold!.Shard.Write(key, copy);
    }

    /// <summary>
    /// Opens the slots of time that have begun: keys that are due in them enter the table. Call it at the start of a
    /// batch.
    /// </summary>
    public void OpenDue(BatchTime time)
    {
        while (_coldTimers?.First <= time.Milliseconds)
        {
            OpenFirst();
            PutOpened();
        }
    }

    private static long? Earlier(long? left, long? right) => left is null || right < left ? right : left;   // null: never

    // Reads the keys that the span has brought and the table did not have.
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

    // Adds the entries that are due and not yet among the others.
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

    // A slot begins before its keys are due, and some of its keys were touched since or are gone. So slots are opened
    // until a key is known that is due before the next slot begins.
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

            // In the table the key has its timer; the store must learn that it has none there any more.
            _table.ValueAt(number).Marks &= ~StateMarks.Filed;
            MarkChanged(number);
        });
        foreach (byte[][] span in missing.Chunk(RecordBuffer.SpanRecords))
        {
            LoadDue(span, end);
        }
    }

    // Keys that are due before the end of their slot enter the table; those that were touched since are filed again.
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

    // Removes entries whose removal the store has by now.
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

    // Whether the table takes more than a fraction of its bound.
    private bool IsOver(int part, int of)
    {
        long bytes = (_table.Count * BytesOfEntry) + _texts.LiveBytes + _table.TextBytes;
        return bytes > cold!.Shard.MemoryBytes / 2 * part / of || _table.Count > (long)cold.Shard.MostKeys * part / of;
    }

    // Entries that left stay in the list until the next snapshot, which never comes if there are no checkpoints.
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

    // Removes an entry from the table, after writing what the store does not know of it.
    private void Leave(int number)
    {
        ref KeyedState<TState> entry = ref _table.ValueAt(number);
        if (entry.Is(StateMarks.Opened) || (entry.Exists && _coldTimers is not null && DueOf(entry.TouchedMs) < _coldTimers.OpenedUntil))
        {
            return;   // it is nearly due
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

    private const int SlotBytes = 20;   // bytes of a hash and a number, at the usual load

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
