using System.Runtime.CompilerServices;

namespace FastStream;

/// <summary>
/// Reduces all batches of a window whenever one is due; a long window uses neighbouring batches that were reduced
/// before.
/// </summary>
internal sealed class RecomputedWindowOperator<TKey, TValue, TMarker> : KeyedWindowOperator<TKey, TValue>
    where TMarker : struct
{
    private const int SlidesToMerge = 16;   // a merge pays if this many windows share its result: docs/decisions/0010-state-table.md

    private readonly Func<TValue, TValue, TValue> _reduce;
    private readonly Func<(TKey Key, TValue Value), bool>? _filter;
    private readonly PaneTree<TValue>? _tree;
    private readonly List<WindowPane<NumberedValue<TValue>>> _batches = [];   // final batches of the window being emitted
    // what the window is reduced from: these batches, or merged neighbours
    private readonly List<WindowPane<NumberedValue<TValue>>> _parts = [];
    private readonly PooledList<int> _order = new();   // numbers of keys, in the order in which they came
    private int _gathered;                             // windows and merges begun; marks the entries whose value is of the last one

    public RecomputedWindowOperator(WindowSize size, Func<TValue, TValue, TValue> reduce,
        Func<(TKey Key, TValue Value), bool>? filter, Operator<(TKey Key, TValue Value)> next)
        : base(size, next)
    {
        _reduce = reduce;
        _filter = filter;
        _tree = size.Length >= size.Slide * SlidesToMerge ? new PaneTree<TValue>(Merge) : null;
    }

    protected override void Emit(BatchContext batch, WindowPane<NumberedValue<TValue>> last, BatchTime before)
    {
        foreach (WindowPane<NumberedValue<TValue>> pane in Panes)
        {
            if (pane.Time > before)
            {
                pane.HoldFor(batch);
                _batches.Add(pane);
            }
        }

        last.HoldFor(batch);
        GatherBatches();
        Gather(last);
        EmitPairs();
        Table.HoldKeyTexts(batch);
        _batches.Clear();
        _parts.Clear();
    }

    protected override void UndoValues()
    {
        _order.Clear();
        _batches.Clear();
        _parts.Clear();
        base.UndoValues();
    }

    protected override void Forget(WindowPane<NumberedValue<TValue>> pane) => _tree?.Remove(pane);

    // Merging uses the entries too, and so it comes first.
    private void GatherBatches()
    {
        int count = 1;
        for (int i = 0; i < _batches.Count; i += count)
        {
            _parts.Add(_tree is null ? _batches[i] : _tree.LargestFrom(_batches, i, out count));
        }

        _gathered++;
        _parts.ForEach(Gather);
    }

    private void EmitPairs()
    {
        ReadOnlySpan<int> order = _order.Span;
        KeyedTable<TKey, WindowEntry<TValue>>.Walker entries = Table.GetCursor();
        for (int i = 0; i < order.Length; i++)
        {
            if (i + 16 < order.Length)
            {
                entries.Prefetch(order[i + 16]);
            }

            (TKey Key, TValue Value) pair = (entries.KeyAt(order[i]), entries.ValueAt(order[i]).Value);
            if (_filter is null || _filter(pair))
            {
                Output.Add(pair);
            }
        }

        _order.Clear();
    }

    // Merging gains nothing if neighbours have few keys in common. Merged panes reference the texts in the memory of
    // their batches, which stay in the window at least as long.
    private WindowPane<NumberedValue<TValue>>? Merge(WindowPane<NumberedValue<TValue>> older, WindowPane<NumberedValue<TValue>> newer)
    {
        _gathered++;
        Gather(older);
        Gather(newer);
        ReadOnlySpan<int> order = _order.Span;
        RecordBlocks<NumberedValue<TValue>>? records = null;
        if (order.Length <= (older.Count + newer.Count) / 8 * 7)
        {
            records = new();
            Span<NumberedValue<TValue>> items = records.Append(order.Length);
            for (int i = 0; i < order.Length; i++)
            {
                items[i] = new NumberedValue<TValue> { Number = order[i], Value = Table.ValueAt(order[i]).Value };
            }

            records.Seal();
        }

        _order.Clear();
        return records is null ? null : new WindowPane<NumberedValue<TValue>>(older.Time, records, texts: null, context: null, depth: 0);
    }

    private void Gather(WindowPane<NumberedValue<TValue>> pane)
    {
        foreach (ReadOnlySpan<NumberedValue<TValue>> block in pane.Records.Blocks)
        {
            Gather(block);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Gather(ReadOnlySpan<NumberedValue<TValue>> items)
    {
        int gathered = _gathered;
        Func<TValue, TValue, TValue> reduce = _reduce;
        KeyedTable<TKey, WindowEntry<TValue>>.Walker entries = Table.GetCursor();
        for (int i = 0; i < items.Length; i++)
        {
            if (i + 16 < items.Length)
            {
                entries.Prefetch(items[i + 16].Number);
            }

            ref readonly NumberedValue<TValue> item = ref items[i];
            ref WindowEntry<TValue> entry = ref entries.ValueAt(item.Number);
            if (entry.Mark == gathered)
            {
                entry.Value = reduce(entry.Value, item.Value);
            }
            else
            {
                entry.Mark = gathered;
                entry.Value = item.Value;
                _order.Add(item.Number);
            }
        }
    }
}
