using System.Runtime.CompilerServices;

namespace FastStream;

/// <summary>The states of one partition's keys, in the order in which they were last touched, so that finding the idle ones costs what is found.</summary>
/// <remarks>
/// A batch changes entries in place, after a note of what they were, so that it can be undone; the order by time follows when the batch is final.
/// Belongs to one partition's operators; not thread safe.
/// </remarks>
internal sealed class KeyedStates<TKey, TState> : IBatchState
{
    private const int None = -1;

    private readonly StateTable<TKey, KeyedState<TState>> _table = new();
    private readonly PooledList<(int Number, KeyedState<TState> Entry)> _before = new();   // entries as they were before the batch
    private readonly StateTexts<TState> _texts = new();
    private readonly uint[] _hashes = new uint[RecordBuffer.SpanRecords];
    private int _oldest = None;      // first in the order of touching
    private int _newest = None;
    private int _batch = 1;          // marks entries that the batch has changed
    private bool _lastIsFinal;

    public ref readonly TKey KeyAt(int number) => ref _table.KeyAt(number);

    /// <summary>Adds states to begin with, for good.</summary>
    public void Begin(List<(TKey Key, TState State)> states, BatchTime time)
    {
        foreach ((TKey key, TState state) in states)
        {
            ref KeyedState<TState> entry = ref Change(_table.GetOrAdd(KeyHash.Of(in key), in key, out _));
            Set(ref entry, state, time);
        }

        _lastIsFinal = true;
        Settle();
    }

    /// <summary>The numbers of the records' keys; new keys are added, without a state.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Locate<TItem, TKeyOf>(ReadOnlySpan<TItem> items, Span<int> numbers)
        where TKeyOf : struct, IKeyOf<TItem, TKey>
    {
        Settle();
        _table.Prepare<TItem, TKeyOf>(items, _hashes);
        for (int i = 0; i < items.Length; i++)
        {
            int number = _table.GetOrAdd(_hashes[i], in TKeyOf.Of(in items[i]), out bool exists);
            numbers[i] = number;
            if (!exists)
            {
                _ = Change(number);
            }
        }
    }

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
        _texts.Replace(ref entry.State, state, entry.Exists);
        entry.Exists = true;
        entry.TouchedMs = time.Milliseconds;
    }

    public void Unset(ref KeyedState<TState> entry)
    {
        _texts.Forget(ref entry.State, entry.Exists);
        entry.Exists = false;
    }

    /// <summary>The key longest idle, if it was last touched before a time and not in this batch; else -1.</summary>
    public int FirstIdle(BatchTime before)
    {
        Settle();
        return IdleFrom(_oldest, before);
    }

    public int NextIdle(int number, BatchTime before) => IdleFrom(_table.ValueAt(number).Newer, before);

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
        for (int i = _before.Count - 1; i >= 0; i--)
        {
            (int number, KeyedState<TState> entry) = _before[i];
            ref KeyedState<TState> changed = ref _table.ValueAt(number);
            _texts.GoBack(ref changed.State, changed.Exists, ref entry.State, entry.Exists);
            changed = entry;
            if (!entry.IsLinked)
            {
                _table.Remove(number);
            }
        }

        _before.Clear();
        _batch++;
    }

    public void Dispose()
    {
        _table.Dispose();
        _texts.Dispose();
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
        foreach ((int number, _) in _before.Span)
        {
            Unlink(number);
            if (_table.ValueAt(number).Exists)
            {
                LinkAsNewest(number);
            }
            else
            {
                _table.Remove(number);
            }
        }

        _before.Clear();
        _batch++;
        if (_texts.ShouldCompact)
        {
            Compact();
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
