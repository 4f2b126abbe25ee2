using System.Runtime.CompilerServices;

namespace FastStream;

/// <summary>
/// A window over pairs that come once for each key and batch. A key has a number as long as it is in the window, and a
/// batch is kept as numbers and values: what comes and goes finds its key's entry without looking the key up again.
/// </summary>
/// <typeparam name="TKey">The key.</typeparam>
/// <typeparam name="TValue">The value of a key in one batch, and in a window.</typeparam>
internal abstract class KeyedWindowOperator<TKey, TValue>(WindowSize size, Operator<(TKey Key, TValue Value)> next)
    : StatefulOperator<(TKey Key, TValue Value), (TKey Key, TValue Value)>(next), IDisposable
{
    private readonly int[] _numbers = new int[RecordBuffer.SpanRecords];
    private readonly NumberedValue<TValue>[] _numbered = new NumberedValue<TValue>[RecordBuffer.SpanRecords];
    private readonly PaneCollector<NumberedValue<TValue>> _gathering = new(size.Depth);
    private readonly PooledList<int> _touched = new();          // numbers of the batch that runs or ran last, one for each pair
    private readonly PooledList<int> _added = new();            // keys that the span being located brought; left only where that failed
    private readonly WindowPanes<NumberedValue<TValue>> _panes = new(size);
    private readonly HiddenTextFinder? _finder = HiddenTexts<TValue>.NewFinder();   // null where no text can be hidden in a value

    /// <summary>The keys of all batches that are kept.</summary>
    public KeyedTable<TKey, WindowEntry<TValue>> Table { get; } = new();

    /// <summary>Whether values and marks of entries are of the batches that are counted, and not only of the window under way.</summary>
    public virtual bool KeepsValues => false;

    /// <summary>The final batches, oldest first.</summary>
    protected Queue<WindowPane<NumberedValue<TValue>>> Panes => _panes.Final;

    [MethodImpl(MethodImplOptions.NoInlining)]
    public sealed override void OnRecords(ReadOnlySpan<(TKey Key, TValue Value)> items)
    {
        if (_finder is not null && KeepsValues)
        {
            ThrowIfTextIn(items);
        }

        Span<int> numbers = _numbers.AsSpan(0, items.Length);
        Table.Locate<(TKey Key, TValue Value), PairKey<TKey, TValue>>(items, numbers, _added);
        _added.Clear();
        _touched.AddRange(numbers);
        KeyedTable<TKey, WindowEntry<TValue>>.Walker entries = Table.GetCursor();
        for (int i = 0; i < numbers.Length; i++)
        {
            entries.ValueAt(numbers[i]).Holders++;
            _numbered[i] = new NumberedValue<TValue> { Number = numbers[i], Value = items[i].Value };
        }

        _gathering.Add(_numbered.AsSpan(0, items.Length));
    }

    public sealed override void OnBatchEnd(BatchContext batch)
    {
        WindowPane<NumberedValue<TValue>> last = _gathering.TakePane(batch);
        _panes.Last = last;
        if (size.IsDue(batch.Time))
        {
            Emit(batch, last, size.Before(batch.Time));
            Table.HoldKeyTexts(batch);
            base.OnBatchEnd(batch);
        }
    }

    protected sealed override void Undo()
    {
        UndoValues();

        // Backwards, so that keys to come get the numbers that they would have got without this batch.
        for (int i = _added.Count - 1; i >= 0; i--)
        {
            Table.Remove(_added[i]);
        }

        for (int i = _touched.Count - 1; i >= 0; i--)
        {
            Leave(_touched[i]);
        }

        _added.Clear();
        _touched.Clear();
        _panes.DropLast();
        _gathering.Reset();
    }

    // What follows begins a batch where a window is due.
    protected sealed override void PassStart(BatchContext batch)
    {
        if (size.IsDue(batch.Time))
        {
            base.PassStart(batch);
        }
    }

    /// <summary>The batches kept, oldest first, as of the last final one. Between batches.</summary>
    public IReadOnlyCollection<WindowPane<NumberedValue<TValue>>> Saved()
    {
        AcceptPending();
        return Panes;
    }

    /// <summary>
    /// Takes in a batch of an earlier run, whose keys are in the table; in time order, before the first batch of this
    /// one.
    /// </summary>
    public void Restore(WindowPane<NumberedValue<TValue>> pane)
    {
        _panes.Add(pane);
        foreach (ReadOnlySpan<NumberedValue<TValue>> block in pane.Records.Blocks)
        {
            foreach (ref readonly NumberedValue<TValue> item in block)
            {
                Table.ValueAt(item.Number).Holders++;
            }
        }
    }

    /// <summary>The first time after another at which a window with records ends. Between batches.</summary>
    public BatchTime? NextDue(BatchTime after)
    {
        AcceptPending();
        return _panes.NextDue(after);
    }

    public void Dispose()
    {
        while (Panes.TryDequeue(out WindowPane<NumberedValue<TValue>>? pane))
        {
            Leave(pane);
            pane.Dispose();
        }

        Table.Dispose();
    }

    /// <summary>Puts out the window of the batches after a time, up to the last one.</summary>
    protected abstract void Emit(BatchContext batch, WindowPane<NumberedValue<TValue>> last, BatchTime before);

    /// <summary>The last batch is final: what was kept for undoing it is not needed.</summary>
    protected abstract void AcceptValues();

    /// <summary>The last batch is dropped: entries are again what they were before it.</summary>
    protected abstract void UndoValues();

    /// <summary>A batch is let go of.</summary>
    protected virtual void Leave(WindowPane<NumberedValue<TValue>> pane)
    {
    }

    // What is added up outlives the batches that it is of.
    private void ThrowIfTextIn(ReadOnlySpan<(TKey Key, TValue Value)> items)
    {
        foreach (ref readonly (TKey Key, TValue Value) item in items)
        {
            _finder!.ThrowIfIn(in item.Value, "A value that a window with an inverse adds up,");
        }
    }

    // Takes the last batch over, and lets go of those that no window to come reaches back to.
    protected sealed override void Accept()
    {
        _panes.Accept();
        AcceptValues();
        _touched.Clear();
        while (_panes.TryLetGo(out WindowPane<NumberedValue<TValue>>? pane))
        {
            foreach (ReadOnlySpan<NumberedValue<TValue>> block in pane.Records.Blocks)
            {
                Leave(block);
            }

            Leave(pane);
            pane.Dispose();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Leave(ReadOnlySpan<NumberedValue<TValue>> items)
    {
        KeyedTable<TKey, WindowEntry<TValue>>.Walker entries = Table.GetCursor();
        for (int i = 0; i < items.Length; i++)
        {
            if (i + 16 < items.Length)
            {
                entries.Prefetch(items[i + 16].Number);
            }

            Leave(items[i].Number);
        }
    }

    // A key goes with the last batch that has it.
    private void Leave(int number)
    {
        if (--Table.ValueAt(number).Holders == 0)
        {
            Table.Remove(number);
        }
    }
}

/// <summary>A value in a batch of a window, with its key's number.</summary>
internal struct NumberedValue<TValue>
{
    public int Number;
    public TValue Value;
}

/// <summary>What a keyed window knows of a key.</summary>
internal struct WindowEntry<TValue>
{
    public TValue Value;   // of the window that was put out last
    public int Holders;    // batches kept that have the key
    public int Mark;       // what the kind of window makes of it: batches added up, or the window that Value is of
}
