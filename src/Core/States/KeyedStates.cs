using System.Runtime.CompilerServices;

namespace FastStream;

/// <summary>The states of one partition's keys: all of them, or, if there is a store, those that are in use.</summary>
/// <remarks>
/// A batch changes entries in place, after it has saved their old values in an undo log. If there is a store, keys
/// missing in the table are read from it before their values are saved, and entries that the table has no room for go
/// to the store between batches (KeyedStates.Cold.cs). Belongs to one partition's operators; not thread safe.
/// </remarks>
/// <param name="idle">How long a key may stay untouched before it times out; null if keys never do.</param>
/// <param name="cold">States that are not in the table; null if all are.</param>
internal sealed partial class KeyedStates<TKey, TState>(TimeSpan? idle, ColdStates<TKey, TState>? cold = null) : IDisposable
{
    private const int Ahead = 16;   // number of entries to prefetch ahead

    private readonly KeyedTable<TKey, KeyedState<TState>> _table = new();
    private readonly PooledList<(int Number, KeyedState<TState> Entry)> _before = new();   // undo log: entries before the batch
    private readonly CompactingTextArena<TState> _texts = new();
    private readonly HiddenTextFinder? _finder = HiddenTexts<TState>.NewFinder();   // null if no text can be hidden in a state
    private readonly PooledList<int> _added = new();   // new keys of the span being located
    private readonly int[] _firstTouched = new int[RecordBuffer.SpanRecords];   // numbers of the span being saved
    private readonly TimerWheel? _timers = idle is null ? null : new();
    private readonly PooledList<int> _idle = new();   // numbers of keys that time out in the batch that runs
    private readonly long _idleMs = (long)(idle ?? default).TotalMilliseconds;
    private int _batch = 1;          // marks entries that the batch has changed
    private int _withoutState;       // keys in the table that have none now: new ones, and those whose state the batch removed

    /// <summary>Whether initial states, or those of an earlier run, have been added.</summary>
    public bool HasBegun { get; private set; }

    public ref readonly TKey KeyAt(int number) => ref _table.KeyAt(number);

    /// <summary>Adds initial states, once, unless there are some of an earlier run. This cannot be undone.</summary>
    public void Begin(List<(TKey Key, TState State)> states, BatchTime time)
    {
        if (!HasBegun)
        {
            BeginWith(states, time);
        }
    }

    /// <summary>All keys that have a state. Call it between batches, when the last one has been accepted.</summary>
    public IEnumerable<SavedKey<TKey, TState>> Saved()
    {
        for (int number = 0; number < _table.End; number++)
        {
            if (_table.ValueAt(number) is { Exists: true } entry)
            {
                yield return new SavedKey<TKey, TState>(_table.KeyAt(number), entry.State, entry.TouchedMs);
            }
        }
    }

    /// <summary>Adds states. This cannot be undone.</summary>
    public void Restore(IEnumerable<SavedKey<TKey, TState>> keys)
    {
        HasBegun = true;
        foreach (SavedKey<TKey, TState> saved in keys)
        {
            // Nothing is saved for undoing it.
            int number = _table.GetOrAdd(KeyHash.Of(in saved.Key), in saved.Key, out bool exists);
            _withoutState += exists ? 0 : 1;
            Set(ref _table.ValueAt(number), saved.State, new BatchTime(saved.TouchedMs));
            if (cold is not null)
            {
                MarkChanged(number);
            }

            if (_timers?.Has(number) == false)
            {
                _timers.File(number, DueOf(saved.TouchedMs), saved.TouchedMs);
            }
        }
    }

    /// <summary>
    /// Finds the numbers of the records' keys, and adds new keys, without a state. From now on the batch may change the
    /// entries of these keys.
    /// </summary>
    public void Locate<TItem, TKeyOf>(ReadOnlySpan<TItem> items, Span<int> numbers)
        where TKeyOf : struct, IKeyOf<TItem, TKey>
    {
        _table.Locate<TItem, TKeyOf>(items, numbers, _added);
        _withoutState += _added.Count;
        if (cold is not null && _added.Count > 0)
        {
            LoadAdded();
        }

        _added.Clear();
        SaveEntries(numbers[..items.Length]);
    }

    /// <summary>A cursor over the entries, for a loop over located keys.</summary>
    public KeyedTable<TKey, KeyedState<TState>>.Walker GetCursor() => _table.GetCursor();

    /// <summary>An entry that the batch is about to change, after saving its old value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref KeyedState<TState> Change(int number)
    {
        ref KeyedState<TState> entry = ref _table.ValueAt(number);
        if (entry.Batch != _batch)
        {
            _before.Add((number, entry));
            entry.Batch = _batch;
        }

        return ref entry;
    }

    public void Set(ref KeyedState<TState> entry, TState state, BatchTime time)
    {
        _finder?.ThrowIfIn(in state, "A state");
        _texts.Replace(ref entry.State, state, entry.Exists);
        _withoutState -= entry.Exists ? 0 : 1;
        entry.Exists = true;
        entry.TouchedMs = time.Milliseconds;
    }

    public void Unset(ref KeyedState<TState> entry)
    {
        _texts.Forget(ref entry.State, entry.Exists);
        _withoutState += entry.Exists ? 1 : 0;
        entry.Exists = false;
    }

    /// <summary>
    /// The numbers of the keys that time out in a batch of this time: those that are due and that it has not touched.
    /// </summary>
    public ReadOnlySpan<int> Idle(BatchTime time)
    {
        _idle.Clear();
        if (_timers!.First <= time.Milliseconds)
        {
            _timers.CopyDue(time.Milliseconds, _idle);
            int count = 0;
            foreach (int number in _idle.Span)
            {
                ref KeyedState<TState> entry = ref _table.ValueAt(number);
                _idle[count] = number;
                count += entry.Exists && entry.Batch != _batch && DueOf(entry.TouchedMs) <= time.Milliseconds ? 1 : 0;
            }

            _idle.Truncate(count);
        }

        if (_opened.Count > 0)
        {
            AddIdleOfOpened(time);
        }

        return _idle.Span;
    }

    /// <summary>
    /// The first time at which a key times out, if none is touched before; null if no key has a state. Call it between
    /// batches, and only if states time out.
    /// </summary>
    public BatchTime? NextTimeOut()
    {
        while (_timers!.First is { } first)
        {
            // Nothing happens at a rounded time, or at that of a key that was touched since.
            foreach (int number in _timers.Pop(first))
            {
                FileAgain(number, first - 1);
            }

            if (_timers.First == first)
            {
                break;
            }
        }

        long? next = cold is null ? _timers.First : Earlier(_timers.First, NextOfCold(_timers.First));
        return next is { } due ? new BatchTime(due) : null;
    }

    /// <summary>The state of a key that has one.</summary>
    public ref readonly TState StateOf(int number) => ref _table.ValueAt(number).State;

    public void GiveAll(RecordBuffer<(TKey Key, TState State)> output)
    {
        int end = _table.End;
        for (int number = 0; number < end; number++)
        {
            ref KeyedState<TState> entry = ref _table.ValueAt(number);
            if (entry.Exists)
            {
                output.Add((_table.KeyAt(number), entry.State));
            }
        }
    }

    /// <summary>As <see cref="GiveAll(RecordBuffer{ValueTuple{TKey, TState}})"/>, with the states that are in the store.</summary>
    public void GiveAll(RecordBuffer<(TKey Key, TState State)> output, BatchContext batch)
    {
        GiveAll(output);
        if (cold is not null)
        {
            GiveCold(output, batch);
        }
    }

    /// <summary>Keeps the texts of keys and states valid as long as a batch that reads them.</summary>
    public void HoldFor(BatchContext batch)
    {
        _table.HoldKeyTexts(batch);
        _texts.HoldFor(batch);
    }

    /// <summary>Restores all entries to what they were before the batch.</summary>
    public void Undo()
    {
        SaveAdded();
        for (int i = _before.Count - 1; i >= 0; i--)
        {
            (int number, KeyedState<TState> entry) = _before[i];
            ref KeyedState<TState> changed = ref _table.ValueAt(number);
            _texts.RollBack(ref changed.State, changed.Exists, ref entry.State, entry.Exists);
            changed = entry;
            if (!entry.Exists && !entry.Is(StateMarks.InStore))
            {
                _table.Remove(number);
            }
        }

        _withoutState = 0;
        _before.Clear();
        _batch++;
    }

    public void Dispose()
    {
        _table.Dispose();
        _texts.Dispose();
    }

    private void BeginWith(List<(TKey Key, TState State)> states, BatchTime time) =>
        Restore(states.Select(pair => new SavedKey<TKey, TState>(pair.Key, pair.State, time.Milliseconds)));

    // Finds the keys that the batch has not touched yet without a branch, because they are at random positions in the
    // span, and then saves their entries.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void SaveEntries(ReadOnlySpan<int> numbers)
    {
        KeyedTable<TKey, KeyedState<TState>>.Walker entries = _table.GetCursor();
        int[] first = _firstTouched;
        int count = 0;
        for (int i = 0; i < numbers.Length; i++)
        {
            ref int batch = ref entries.ValueAt(numbers[i]).Batch;
            first[count] = numbers[i];
            count += batch == _batch ? 0 : 1;
            batch = _batch;
        }

        Span<(int Number, KeyedState<TState> Entry)> before = _before.Extend(count);
        for (int i = 0; i < before.Length; i++)
        {
            before[i] = (first[i], entries.ValueAt(first[i]));
        }
    }

    private void SaveAdded()
    {
        foreach (int number in _added.Span)
        {
            _ = Change(number);
        }

        _withoutState += _added.Count;

        _added.Clear();
    }

    /// <summary>Makes the batch of a time final: keys without a state are removed, and the others have a timer.</summary>
    public void Accept(BatchTime time)
    {
        if (_timers?.First <= time.Milliseconds)
        {
            foreach (int number in _timers.Pop(time.Milliseconds))
            {
                FileAgain(number, time.Milliseconds);
            }
        }

        if (_timers is not null || _withoutState > 0 || cold is not null)
        {
            AcceptTouched(time);
        }

        _withoutState = 0;
        _before.Clear();
        _batch++;
        if (_texts.ShouldCompact)
        {
            Compact();
        }

        if (cold is not null)
        {
            AcceptCold(time);
        }
    }

    private void AcceptTouched(BatchTime time)
    {
        ReadOnlySpan<(int Number, KeyedState<TState> Entry)> touched = _before.Span;
        KeyedTable<TKey, KeyedState<TState>>.Walker entries = _table.GetCursor();
        for (int i = 0; i < touched.Length; i++)
        {
            if (i + Ahead < touched.Length)
            {
                entries.Prefetch(touched[i + Ahead].Number);
            }

            int number = touched[i].Number;
            ref KeyedState<TState> entry = ref entries.ValueAt(number);
            if (!entry.Exists)
            {
                Forget(number);
                continue;
            }

            if (_timers?.Has(number) == false)
            {
                FileAgain(number, time.Milliseconds);
            }

            if (cold is not null)
            {
                MarkChanged(number);
            }
        }
    }

    // Removes a key without a state, unless the store must be told first.
    private void Forget(int number)
    {
        if (_table.ValueAt(number).Is(StateMarks.InStore))
        {
            MarkChanged(number);
        }
        else
        {
            _table.Remove(number);
        }
    }

    private long DueOf(long touchedMs) => touchedMs + _idleMs + 1;

    // A key that was due and whose function failed is checked again in the next batch.
    private void FileAgain(int number, long now)
    {
        ref KeyedState<TState> entry = ref _table.ValueAt(number);
        if (entry.Exists)
        {
            _timers!.File(number, Math.Max(DueOf(entry.TouchedMs), now + 1), now);
        }
    }

    private void Compact()
    {
        _texts.BeginCompaction();
        for (int number = 0; number < _table.End; number++)
        {
            if (_table.ValueAt(number).Exists)
            {
                _texts.Keep(ref _table.ValueAt(number).State);
            }
        }

        _texts.EndCompaction();
    }
}

/// <summary>One key's state.</summary>
internal struct KeyedState<TState>
{
    public TState State;
    public long TouchedMs;    // batch time of the last touch
    public int Batch;         // the last batch that changed it, in the count of KeyedStates
    public bool Exists;       // whether there is a state
    public StateMarks Marks;  // what the store has of it; none if there is no store

    public readonly bool Is(StateMarks mark) => (Marks & mark) != StateMarks.None;
}

/// <summary>What the store behind a table has of an entry.</summary>
[Flags]
internal enum StateMarks : byte
{
    /// <summary>There is no store, or it does not have the key.</summary>
    None = 0,

    /// <summary>The store has the key, perhaps with an older state.</summary>
    InStore = 1,

    /// <summary>The store must be told of a change.</summary>
    Changed = 2,

    /// <summary>A timer for the key is filed in the store.</summary>
    Filed = 4,

    /// <summary>The key has no timer in the table, and is checked in each batch.</summary>
    Opened = 8,
}
