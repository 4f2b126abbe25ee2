namespace FastStream.Runtime;

/// <summary>The end of a chain, for one partition: collects the batch's records until the output takes them.</summary>
internal sealed class Collector<T> : LastOperator<T>
{
    private RecordBlocks<T> _records = new();

    public override void OnRecords(ReadOnlySpan<T> items) => _records.Add(items);

    public override void Reset(BatchContext batch) => Forget();

    /// <summary>Releases the collected records.</summary>
    public void Forget() => _records.Dispose();

    /// <summary>Takes the collected records.</summary>
    public RecordBlocks<T> Take()
    {
        RecordBlocks<T> records = _records;
        _records = new();
        records.Seal();
        return records;
    }
}
