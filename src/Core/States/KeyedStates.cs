using System.Runtime.CompilerServices;

namespace FastStream;

/// <summary>The states of one partition's keys: all of them, or, in front of a store, those that are in use.</summary>
/// <remarks>
/// A batch changes entries in place, after a note of what they were, so that it can be undone. Where there is a store,
/// keys that the table has not are read from it before the note is taken, and what the table has no room for goes there
/// between batches (KeyedStates.Cold.cs). Belongs to one partition's operators; not thread safe.
/// </remarks>
/// <param name="idle">How long a key may go untouched before its time is out; null where none is.</param>
/// <param name="cold">States that are not in the table; null where all are.</param>
internal sealed partial class KeyedStates<TKey, TState>(TimeSpan? idle, ColdStates<TKey, TState>? cold = null) : IDisposable
{
    private const int Ahead = 16;   // entries that are asked for before they are needed

    private readonly KeyedTable<TKey, KeyedState<TState>> _table = new();
    private readonly PooledList<(int Number, KeyedState<TState> Entry)> _before = new();   // entries as they were before the batch
    private readonly CompactingTextArena<TState> _texts = new();
    private readonly HiddenTextFinder? _finder = HiddenTexts<TState>.NewFinder();   // null where no text can be hidden in a state
    private readonly PooledList<int> _added = new();   // keys that the span being located brought
    private readonly int[] _firstTouched = new int[RecordBuffer.SpanRecords];   // numbers of the span being noted
    private readonly TimerWheel? _timers = idle is null ? null : new();
    private readonly PooledList<int> _idle = new();   // numbers whose time is out in the batch that runs
    private readonly long _idleMs = (long)(idle ?? default).TotalMilliseconds;
    private int _batch = 1;          // marks entries that the batch has changed
    private int _withoutState;       // keys in the table that have none now: new ones, and those whose state the batch removed

    /// <summary>Whether initial states, or those of an earlier run, are in.</summary>
    public bool HasBegun { get; private set; }

    public ref readonly TKey KeyAt(int number) => ref _table.KeyAt(number);

    /// <summary>Adds states to begin with, for good; once, and not where there are some of an earlier run.</summary>
    public void Begin(List<(TKey Key, TState State)> states, BatchTime time)
    {
        if (!HasBegun)
        {
            BeginWith(states, time);
        }
    }

    /// <summary>All keys that have a state. Between batches, when the last one was accepted.</summary>
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

    /// <summary>Adds states, for good.</summary>
    public void Restore(IEnumerable<SavedKey<TKey, TState>> keys)
    {
        HasBegun = true;
        foreach (SavedKey<TKey, TState> saved in keys)
        {
            // For good: nothing is noted for undoing it.
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
    /// The numbers of the records' keys, whose entries the batch may change from now on; new keys are added, without a
    /// state.
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
        Note(numbers[..items.Length]);
    }

    /// <summary>The entries, for a loop over what was located.</summary>
    public KeyedTable<TKey, KeyedState<TState>>.Walker GetCursor() => _table.GetCursor();

    /// <summary>An entry that the batch is about to change.</summary>
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

    /// <summary>The keys whose time is out in a batch of this time, by their numbers: those that it has not touched.</summary>
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
    /// The first millisecond after which a key's time is out, if none is touched before; null where no key has a state.
    /// Between batches; only where states time out.
    /// </summary>
    public BatchTime? NextTimeOut()
    {
        while (_timers!.First is { } first)
        {
            // A rounded time, or that of a key that was touched since, is none at which anything happens.
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

    /// <summary>Lets a batch read the texts of keys and states as long as it lives.</summary>
    public void HoldFor(BatchContext batch)
    {
        _table.HoldKeyTexts(batch);
        _texts.HoldFor(batch);
    }

    /// <summary>Gives all entries back what they were before the batch.</summary>
    public void Undo()
    {
        NoteAdded();
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

    // Finds the keys that the batch has not touched yet without a branch, as they are in a random place of the span,
    // and then copies the entries of these.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Note(ReadOnlySpan<int> numbers)
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

    private void NoteAdded()
    {
        foreach (int number in _added.Span)
        {
            _ = Change(number);
        }

        _withoutState += _added.Count;

        _added.Clear();
    }

    /// <summary>The batch of a time is final: keys without a state go, the others have a timer.</summary>
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

    // A key without a state goes, unless the store has yet to be told.
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

    // A key whose time was out and whose function failed is looked at in the next batch again.
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
    public int Batch;         // the last batch that changed it, by KeyedStates' count
    public bool Exists;       // whether there is a state
    public StateMarks Marks;  // how it stands to the store; none where there is no store

    public readonly bool Is(StateMarks mark) => (Marks & mark) != StateMarks.None;
}

/// <summary>How an entry of the table stands to the store behind it.</summary>
[Flags]
internal enum StateMarks : byte
{
    /// <summary>There is no store, or it knows nothing of the key.</summary>
    None = 0,

    /// <summary>The store has the key, perhaps with an older state.</summary>
    InStore = 1,

    /// <summary>The store is to be told.</summary>
    Changed = 2,

    /// <summary>A timer for the key is filed in the store.</summary>
    Filed = 4,

    /// <summary>The key has no timer in the table, and is looked at in each batch.</summary>
    Opened = 8,
}
