namespace FastStream.Runtime;

/// <summary>The end of a chain, for one partition: keeps the batch's records until they are taken.</summary>
internal sealed class Collector<T> : LastOperator<T>
{
    private RecordBlocks<T> _records = new();

    public override void OnRecords(ReadOnlySpan<T> items) => _records.Add(items);

    public override void Reset(BatchContext batch) => Forget();

    /// <summary>Gives back what was gathered.</summary>
    public void Forget() => _records.Dispose();

    /// <summary>Takes the gathered records out.</summary>
    public RecordBlocks<T> Take()
    {
        RecordBlocks<T> records = _records;
        _records = new();
        records.Seal();
        return records;
    }
}
