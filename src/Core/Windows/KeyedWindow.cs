using System.Runtime.CompilerServices;

namespace FastStream;

/// <summary>
/// A window over pairs whose keys occur once in each batch. A key has a number as long as it is in the window, and a
/// batch is kept as numbers and values, so that values that enter and leave find their key's entry without another
/// lookup.
/// </summary>
/// <typeparam name="TKey">The key.</typeparam>
/// <typeparam name="TValue">The value of a key in one batch, and in a window.</typeparam>
internal abstract class KeyedWindowOperator<TKey, TValue>(WindowSize size, Operator<(TKey Key, TValue Value)> next)
    : PaneWindowOperator<(TKey Key, TValue Value), NumberedValue<TValue>, (TKey Key, TValue Value)>(size, next)
{
    private readonly int[] _numbers = new int[RecordBuffer.SpanRecords];
    private readonly NumberedValue<TValue>[] _numbered = new NumberedValue<TValue>[RecordBuffer.SpanRecords];
    private readonly PooledList<int> _touched = new();          // numbers of the keys of the running or last batch, one for each pair
    private readonly PooledList<int> _added = new();            // new keys of the span being located; not empty only if that failed
    private readonly HiddenTextFinder? _finder = HiddenTexts<TValue>.NewFinder();   // null if no text can be hidden in a value

    /// <summary>The keys of all batches that are kept.</summary>
    public KeyedTable<TKey, WindowEntry<TValue>> Table { get; } = new();

    /// <summary>
    /// Whether entries keep their values and marks from window to window, instead of for one window only.
    /// </summary>
    public virtual bool KeepsValues => false;

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

        Gathering.Add(_numbered.AsSpan(0, items.Length));
    }

    protected override void UndoValues()
    {
        // Backwards, so that later keys get the numbers that they would have got without this batch.
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
    }

    /// <summary>Adds a batch of an earlier run, whose keys are in the table already.</summary>
    public sealed override void Restore(WindowPane<NumberedValue<TValue>> pane)
    {
        base.Restore(pane);
        foreach (ReadOnlySpan<NumberedValue<TValue>> block in pane.Records.Blocks)
        {
            foreach (ref readonly NumberedValue<TValue> item in block)
            {
                Table.ValueAt(item.Number).Holders++;
            }
        }
    }

    public sealed override void Dispose()
    {
        base.Dispose();
        Table.Dispose();
    }

    protected override void AcceptValues() => _touched.Clear();

    protected sealed override void Leave(WindowPane<NumberedValue<TValue>> pane)
    {
        foreach (ReadOnlySpan<NumberedValue<TValue>> block in pane.Records.Blocks)
        {
            Leave(block);
        }

        base.Leave(pane);
    }

    // A value that is added up outlives its batch.
    private void ThrowIfTextIn(ReadOnlySpan<(TKey Key, TValue Value)> items)
    {
        foreach (ref readonly (TKey Key, TValue Value) item in items)
        {
            _finder!.ThrowIfIn(in item.Value, "A value that a window with an inverse adds up,");
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

    // A key leaves with the last batch that has it.
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

/// <summary>What a keyed window stores for a key.</summary>
internal struct WindowEntry<TValue>
{
    public TValue Value;   // of the window that was emitted last
    public int Holders;    // number of kept batches that have the key
    public int Mark;       // depends on the kind of window: batches added up, or the window that Value is of
}
