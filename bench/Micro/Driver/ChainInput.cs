namespace FastStream.Bench.Micro;

/// <summary>
/// The feeder of a chain under measurement: one partition, no threads, no clock; the operators behind it are joined by
/// the graph builder as in a running context.
/// </summary>
/// <typeparam name="T">The record.</typeparam>
internal sealed class ChainInput<T>(StreamingContext context) : DStream<T>(context, "ChainInput")
{
    // One scope for all batches, so that what is measured is the chain; chains that keep memory until the batch ends
    // take EndBatch with a scope of their own.
    private static readonly BatchContext SharedScope = new(default, []);

    private Operator<T>? _head;   // set when the chain is joined

    public override int PartitionCount => 1;

    protected internal override void Connect(GraphBuilder graph, Operator<T>[] outputs) => _head = outputs[0];

    /// <summary>Feeds one batch: the records in spans of the usual size, then the batch's end.</summary>
    public void RunBatch(ReadOnlySpan<T> records)
    {
        StartBatch(SharedScope);
        Feed(records);
        EndBatch(SharedScope);
    }

    /// <summary>Feeds records of a batch.</summary>
    public void Feed(ReadOnlySpan<T> records)
    {
        Operator<T> head = _head!;
        while (!records.IsEmpty)
        {
            int taken = Math.Min(records.Length, RecordBuffer.SpanRecords);
            head.OnRecords(records[..taken]);
            records = records[taken..];
        }
    }

    /// <summary>Begins a batch.</summary>
    public void StartBatch(BatchContext scope) => _head!.OnBatchStart(scope);

    /// <summary>Ends the batch.</summary>
    public void EndBatch(BatchContext scope) => _head!.OnBatchEnd(scope);
}
