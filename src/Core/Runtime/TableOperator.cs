namespace FastStream.Runtime;

/// <summary>
/// An operator that gathers one value for each key of a batch in a table and hands the pairs on at its end, in the
/// order in which the keys came.
/// </summary>
/// <typeparam name="TIn">The record taken in.</typeparam>
/// <typeparam name="TKey">The key.</typeparam>
/// <typeparam name="TValue">What is gathered for a key.</typeparam>
internal abstract class TableOperator<TIn, TKey, TValue>(Operator<(TKey Key, TValue Value)> next)
    : Operator<TIn, (TKey Key, TValue Value)>(next)
{
    private readonly uint[] _hashes = new uint[RecordBuffer.SpanRecords];

    /// <summary>The batch's keys so far.</summary>
    protected KeyTable<TKey, TValue> Table { get; } = new();

    public sealed override void OnBatchEnd(BatchContext batch)
    {
        Table.DrainTo(Output);
        base.OnBatchEnd(batch);
    }

    public sealed override void Reset(BatchContext batch)
    {
        Table.Clear();
        base.Reset(batch);
    }

    /// <summary>Room for the hashes of a span.</summary>
    protected Span<uint> Hashes(int count) => _hashes.AsSpan(0, count);
}
