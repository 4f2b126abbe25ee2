using System.Runtime.CompilerServices;

namespace FastStream;

/// <summary>The states of one partition's keys, in the order in which they were last touched, so that finding the idle ones costs what is found.</summary>
/// <remarks>
/// A batch changes entries in place, after a note of what they were, so that it can be undone; the order by time follows when the batch is final.
/// Belongs to one partition's operators; not thread safe.
/// </remarks>
/// <param name="timesOut">Whether the order of touching is asked for; else it is not kept, which spares a batch the neighbours of what it touched.</param>
internal sealed class KeyedStates<TKey, TState>(bool timesOut) : IBatchState, ISavedKeys<TKey, TState>
{
    private const int None = -1;
    private const int Ahead = 16;   // entries that are asked for before they are needed

    private readonly StateTable<TKey, KeyedState<TState>> _table = new();
    private readonly PooledList<(int Number, KeyedState<TState> Entry)> _before = new();   // entries as they were before the batch
    private readonly KeptTexts<TState> _texts = new();
    private readonly HiddenTextFinder? _finder = HiddenTexts<TState>.NewFinder();   // null where no text can be hidden in a state
    private readonly PooledList<int> _added = new();   // keys that the span being located brought
    private readonly int[] _firstTouched = new int[RecordBuffer.SpanRecords];   // numbers of the span being noted
    private int _oldest = None;      // first in the order of touching
    private int _newest = None;
    private int _batch = 1;          // marks entries that the batch has changed
    private int _withoutState;       // keys in the table that have none now: new ones, and those whose state the batch removed
    private bool _lastIsFinal;

    /// <inheritdoc/>
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

    /// <inheritdoc/>
    public IEnumerable<SavedKey<TKey, TState>> Saved()
    {
        Settle();
        foreach (int number in timesOut ? LongestIdleFirst() : Enumerable.Range(0, _table.End))
        {
            if (_table.ValueAt(number) is { Exists: true } entry)
            {
                yield return new SavedKey<TKey, TState>(_table.KeyAt(number), entry.State, entry.TouchedMs);
            }
        }
    }

    /// <inheritdoc/>
    public void Restore(IEnumerable<SavedKey<TKey, TState>> keys)
    {
        HasBegun = true;
        foreach (SavedKey<TKey, TState> saved in keys)
        {
            // For good: nothing is noted for undoing it.
            int number = _table.GetOrAdd(KeyHash.Of(in saved.Key), in saved.Key, out bool exists);
            _withoutState += exists ? 0 : 1;
            Set(ref _table.ValueAt(number), saved.State, new BatchTime(saved.TouchedMs));
            if (timesOut)
            {
                Unlink(number);
                LinkAsNewest(number);
            }
        }
    }

    /// <summary>The numbers of the records' keys, whose entries the batch may change from now on; new keys are added, without a state.</summary>
    public void Locate<TItem, TKeyOf>(ReadOnlySpan<TItem> items, Span<int> numbers)
        where TKeyOf : struct, IKeyOf<TItem, TKey>
    {
        Settle();
        _table.Locate<TItem, TKeyOf>(items, numbers, _added);
        _withoutState += _added.Count;
        _added.Clear();
        Note(numbers[..items.Length]);
    }

    /// <summary>The entries, for a loop over what was located.</summary>
    public StateTable<TKey, KeyedState<TState>>.Walker Walk() => _table.Walk();

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

    /// <summary>The key longest idle, if it was last touched before a time and not in this batch; else -1.</summary>
    public int FirstIdle(BatchTime before)
    {
        Settle();
        return IdleFrom(_oldest, before);
    }

    /// <summary>When the key longest idle was touched; null where no key has a state. Between batches; only where states time out.</summary>
    public BatchTime? OldestTouch()
    {
        Settle();
        return _oldest == None ? null : new BatchTime(_table.ValueAt(_oldest).TouchedMs);
    }

    public int NextIdle(int number, BatchTime before) => IdleFrom(_table.ValueAt(number).Newer, before);

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

    /// <summary>Lets a batch read the texts of keys and states as long as it lives.</summary>
    public void HoldFor(BatchScope batch)
    {
        Settle();
        _table.HoldKeyTexts(batch);
        _texts.HoldFor(batch);
    }

    public void Commit() => _lastIsFinal = true;

    /// <summary>Gives all entries back what they were before the batch.</summary>
    public void Undo()
    {
        Settle();
        NoteAdded();
        for (int i = _before.Count - 1; i >= 0; i--)
        {
            (int number, KeyedState<TState> entry) = _before[i];
            ref KeyedState<TState> changed = ref _table.ValueAt(number);
            _texts.GoBack(ref changed.State, changed.Exists, ref entry.State, entry.Exists);
            changed = entry;
            if (!entry.Exists)
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

    private IEnumerable<int> LongestIdleFirst()
    {
        for (int number = _oldest; number != None; number = _table.ValueAt(number).Newer)
        {
            yield return number;
        }
    }

    private void BeginWith(List<(TKey Key, TState State)> states, BatchTime time) =>
        Restore(states.Select(pair => new SavedKey<TKey, TState>(pair.Key, pair.State, time.Milliseconds)));

    // Finds the keys that the batch has not touched yet without a branch, as they are in a random place of the span, and then copies the entries of these.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Note(ReadOnlySpan<int> numbers)
    {
        StateTable<TKey, KeyedState<TState>>.Walker entries = _table.Walk();
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

    private int IdleFrom(int number, BatchTime before)
    {
        while (number != None)
        {
            ref KeyedState<TState> entry = ref _table.ValueAt(number);
            if (entry.Batch != _batch)
            {
                return entry.TouchedMs < before.Milliseconds ? number : None;
            }

            number = entry.Newer;   // touched by this batch, and not moved yet
        }

        return None;
    }

    // The batch is final: what it touched is the newest now, and keys without a state go.
    private void Settle()
    {
        if (!_lastIsFinal)
        {
            return;
        }

        _lastIsFinal = false;
        if (timesOut || _withoutState > 0)
        {
            SettleTouched();
        }

        _withoutState = 0;
        _before.Clear();
        _batch++;
        if (_texts.ShouldCompact)
        {
            Compact();
        }
    }

    private void SettleTouched()
    {
        ReadOnlySpan<(int Number, KeyedState<TState> Entry)> touched = _before.Span;
        StateTable<TKey, KeyedState<TState>>.Walker entries = _table.Walk();
        for (int i = 0; i < touched.Length; i++)
        {
            PrefetchNeighbours(in entries, touched, i + Ahead);
            int number = touched[i].Number;
            Unlink(number);
            if (!_table.ValueAt(number).Exists)
            {
                _table.Remove(number);
            }
            else if (timesOut)
            {
                LinkAsNewest(number);
            }
        }
    }

    // Where they were when the batch noted the entry: mostly they still are.
    private static void PrefetchNeighbours(in StateTable<TKey, KeyedState<TState>>.Walker entries, ReadOnlySpan<(int Number, KeyedState<TState> Entry)> touched, int i)
    {
        if (i < touched.Length)
        {
            ref readonly KeyedState<TState> entry = ref touched[i].Entry;
            entries.Prefetch(touched[i].Number);
            if (entry.IsLinked)
            {
                entries.Prefetch(Math.Max(entry.Older, 0));
                entries.Prefetch(Math.Max(entry.Newer, 0));
            }
        }
    }

    private void Unlink(int number)
    {
        ref KeyedState<TState> entry = ref _table.ValueAt(number);
        if (!entry.IsLinked)
        {
            return;
        }

        entry.IsLinked = false;
        if (entry.Older == None)
        {
            _oldest = entry.Newer;
        }
        else
        {
            _table.ValueAt(entry.Older).Newer = entry.Newer;
        }

        if (entry.Newer == None)
        {
            _newest = entry.Older;
        }
        else
        {
            _table.ValueAt(entry.Newer).Older = entry.Older;
        }
    }

    private void LinkAsNewest(int number)
    {
        ref KeyedState<TState> entry = ref _table.ValueAt(number);
        entry.IsLinked = true;
        entry.Older = _newest;
        entry.Newer = None;
        if (_newest == None)
        {
            _oldest = number;
        }
        else
        {
            _table.ValueAt(_newest).Newer = number;
        }

        _newest = number;
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
    public int Older;         // neighbours in the order of touching
    public int Newer;
    public int Batch;         // the last batch that changed it, by KeyedStates' count
    public bool Exists;       // whether there is a state
    public bool IsLinked;     // whether it is in the order of touching: it has a state that is final
}
