using System.Runtime.CompilerServices;

namespace FastStream;

/// <summary>Takes out of a key's value what leaves the window, then adds what enters; an entry's mark is the number of batches added up in its value.</summary>
internal sealed class IncrementalWindowOperator<TKey, TValue, TMarker>(
    WindowSize size,
    Func<TValue, TValue, TValue> reduce,
    Func<TValue, TValue, TValue> inverse,
    Func<(TKey Key, TValue Value), bool>? filter,
    Operator<(TKey Key, TValue Value)> next)
    : KeyedWindowOperator<TKey, TValue>(size, next)
    where TMarker : struct
{
    private readonly PooledList<(int Number, int Mark, TValue Value)> _before = new();     // entries as they were, in the order in which the last batch changed them
    private readonly List<WindowPane<NumberedValue<TValue>>> _moved = [];                  // batches that the last one took in or out

    protected override void Emit(BatchScope batch, WindowPane<NumberedValue<TValue>> last, BatchTime before)
    {
        foreach (WindowPane<NumberedValue<TValue>> pane in Panes)
        {
            if (pane.IsCounted && pane.Time <= before)
            {
                Move(pane);
                pane.Blocks.ForEach(block => TakeOut(block));
            }
        }

        foreach (WindowPane<NumberedValue<TValue>> pane in Panes)
        {
            Enter(pane, before);
        }

        Enter(last, before);
        PutOut();
    }

    protected override void Accept()
    {
        _before.Clear();
        _moved.Clear();
    }

    protected override void Undo()
    {
        for (int i = _before.Count - 1; i >= 0; i--)
        {
            ref WindowEntry<TValue> entry = ref Table.ValueAt(_before[i].Number);
            entry.Value = _before[i].Value;
            entry.Mark = _before[i].Mark;
        }

        _moved.ForEach(pane => pane.IsCounted = !pane.IsCounted);
        Accept();
    }

    private void Enter(WindowPane<NumberedValue<TValue>> pane, BatchTime before)
    {
        if (!pane.IsCounted && pane.Time > before)
        {
            Move(pane);
            pane.Blocks.ForEach(block => TakeIn(block));
        }
    }

    private void Move(WindowPane<NumberedValue<TValue>> pane)
    {
        _moved.Add(pane);
        pane.IsCounted = !pane.IsCounted;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void TakeOut(ReadOnlySpan<NumberedValue<TValue>> items)
    {
        for (int i = 0; i < items.Length; i++)
        {
            ref WindowEntry<TValue> entry = ref Change(items, i);
            entry.Value = --entry.Mark == 0 ? default! : inverse(entry.Value, items[i].Value);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void TakeIn(ReadOnlySpan<NumberedValue<TValue>> items)
    {
        for (int i = 0; i < items.Length; i++)
        {
            ref WindowEntry<TValue> entry = ref Change(items, i);
            entry.Value = entry.Mark++ == 0 ? items[i].Value : reduce(entry.Value, items[i].Value);
        }
    }

    // The entry of a key, after a note of what it was.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref WindowEntry<TValue> Change(ReadOnlySpan<NumberedValue<TValue>> items, int i)
    {
        if (i + 16 < items.Length)
        {
            Table.PrefetchAt(items[i + 16].Number);
        }

        int number = items[i].Number;
        ref WindowEntry<TValue> entry = ref Table.ValueAt(number);
        _before.Add((number, entry.Mark, entry.Value));
        return ref entry;
    }

    private void PutOut()
    {
        int end = Table.End;
        for (int number = 0; number < end; number++)
        {
            ref WindowEntry<TValue> entry = ref Table.ValueAt(number);
            if (entry.Mark > 0)
            {
                (TKey Key, TValue Value) pair = (Table.KeyAt(number), entry.Value);
                if (filter is null || filter(pair))
                {
                    Output.Add(pair);
                }
            }
        }
    }
}
