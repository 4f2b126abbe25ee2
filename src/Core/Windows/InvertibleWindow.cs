using System.Runtime.CompilerServices;

namespace FastStream;

/// <summary>
/// Takes the values that leave the window out of the values of their keys, then adds those that enter. An entry's mark
/// is the number of batches added up in its value.
/// </summary>
/// <remarks>Not for values that round (<see cref="RoundingValues{T}"/>): the error of a value that has left would
/// stay.</remarks>
internal sealed class InvertibleWindowOperator<TKey, TValue, TMarker>(
    WindowSize size,
    Func<TValue, TValue, TValue> reduce,
    Func<TValue, TValue, TValue> inverse,
    Func<(TKey Key, TValue Value), bool>? filter,
    Operator<(TKey Key, TValue Value)> next)
    : KeyedWindowOperator<TKey, TValue>(size, next)
    where TMarker : struct
{
    // entries before the last batch changed them, in the order of the changes
    private readonly PooledList<(int Number, int Mark, TValue Value)> _before = new();
    private readonly List<WindowPane<NumberedValue<TValue>>> _moved = [];                  // batches that the last one added or took out

    public override bool KeepsValues => true;

    protected override void Emit(BatchContext batch, WindowPane<NumberedValue<TValue>> last, BatchTime before)
    {
        foreach (WindowPane<NumberedValue<TValue>> pane in Panes)
        {
            if (pane.IsCounted && pane.Time <= before)
            {
                Move(pane, entering: false);
            }
        }

        foreach (WindowPane<NumberedValue<TValue>> pane in Panes)
        {
            Enter(pane, before);
        }

        Enter(last, before);
        EmitPairs();
        Table.HoldKeyTexts(batch);
    }

    protected override void AcceptValues()
    {
        base.AcceptValues();
        _before.Clear();
        _moved.Clear();
    }

    protected override void UndoValues()
    {
        for (int i = _before.Count - 1; i >= 0; i--)
        {
            ref WindowEntry<TValue> entry = ref Table.ValueAt(_before[i].Number);
            entry.Value = _before[i].Value;
            entry.Mark = _before[i].Mark;
        }

        _moved.ForEach(pane => pane.IsCounted = !pane.IsCounted);
        _before.Clear();
        _moved.Clear();
        base.UndoValues();
    }

    private void Enter(WindowPane<NumberedValue<TValue>> pane, BatchTime before)
    {
        if (!pane.IsCounted && pane.Time > before)
        {
            Move(pane, entering: true);
        }
    }

    private void Move(WindowPane<NumberedValue<TValue>> pane, bool entering)
    {
        _moved.Add(pane);
        pane.IsCounted = entering;
        foreach (ReadOnlySpan<NumberedValue<TValue>> block in pane.Records.Blocks)
        {
            // A span at a time, so that its entries are still in the cache when they change.
            for (int start = 0; start < block.Length; start += RecordBuffer.SpanRecords)
            {
                ReadOnlySpan<NumberedValue<TValue>> items = block.Slice(start, Math.Min(RecordBuffer.SpanRecords, block.Length - start));
                SaveEntries(items);
                if (entering)
                {
                    TakeIn(items);
                }
                else
                {
                    TakeOut(items);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void TakeOut(ReadOnlySpan<NumberedValue<TValue>> items)
    {
        Func<TValue, TValue, TValue> function = inverse;
        KeyedTable<TKey, WindowEntry<TValue>>.Walker entries = Table.GetCursor();
        foreach (ref readonly NumberedValue<TValue> item in items)
        {
            ref WindowEntry<TValue> entry = ref entries.ValueAt(item.Number);
            entry.Value = --entry.Mark == 0 ? default! : function(entry.Value, item.Value);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void TakeIn(ReadOnlySpan<NumberedValue<TValue>> items)
    {
        Func<TValue, TValue, TValue> function = reduce;
        KeyedTable<TKey, WindowEntry<TValue>>.Walker entries = Table.GetCursor();
        foreach (ref readonly NumberedValue<TValue> item in items)
        {
            ref WindowEntry<TValue> entry = ref entries.ValueAt(item.Number);
            entry.Value = entry.Mark++ == 0 ? item.Value : function(entry.Value, item.Value);
        }
    }

    // Saves the entries of all items before they change: a key occurs once in a batch.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void SaveEntries(ReadOnlySpan<NumberedValue<TValue>> items)
    {
        Span<(int Number, int Mark, TValue Value)> before = _before.Extend(items.Length);
        KeyedTable<TKey, WindowEntry<TValue>>.Walker entries = Table.GetCursor();
        for (int i = 0; i < items.Length && i < before.Length; i++)
        {
            if (i + 16 < items.Length)
            {
                entries.Prefetch(items[i + 16].Number);
            }

            ref WindowEntry<TValue> entry = ref entries.ValueAt(items[i].Number);
            before[i] = (items[i].Number, entry.Mark, entry.Value);
        }
    }

    private void EmitPairs()
    {
        int end = Table.End;
        KeyedTable<TKey, WindowEntry<TValue>>.Walker entries = Table.GetCursor();
        for (int number = 0; number < end; number++)
        {
            ref WindowEntry<TValue> entry = ref entries.ValueAt(number);
            if (entry.Mark > 0)
            {
                (TKey Key, TValue Value) pair = (entries.KeyAt(number), entry.Value);
                if (filter is null || filter(pair))
                {
                    Output.Add(pair);
                }
            }
        }
    }
}
