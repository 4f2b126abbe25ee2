namespace FastStream;

/// <summary>
/// An operator with a table of a batch's keys: emits its pairs at the end of the batch, in the order in which the keys
/// first occurred.
/// </summary>
internal abstract class TableByKeyOperator<TItem, TKey, TValue>(Operator<(TKey Key, TValue Value)> next)
    : Operator<TItem, (TKey Key, TValue Value)>(next)
{
    private readonly uint[] _hashes = new uint[RecordBuffer.SpanRecords];

    /// <summary>The keys of the batch so far.</summary>
    protected KeyTable<TKey, TValue> Table { get; } = new();

    /// <summary>Room for the hashes of the keys of a span.</summary>
    protected Span<uint> Hashes(int count) => _hashes.AsSpan(0, count);

    public override void OnBatchEnd(BatchContext batch)
    {
        KeyTable<TKey, TValue> table = Table;
        RecordBuffer<(TKey Key, TValue Value)> output = Output;
        int count = table.Count;
        for (int place = 0; place < count; place++)
        {
            output.Add(table.PairAt(place));
        }

        table.Clear();
        base.OnBatchEnd(batch);
    }

    public override void Reset(BatchContext batch)
    {
        Table.Clear();
        base.Reset(batch);
    }
}
