namespace FastStream;

/// <summary>The records that another operator of the graph drops. The results of that operator are ignored here.</summary>
internal sealed class FailedRecordsStream<TIn, TOut>(DStream<TOut> parent, IHasRecordErrors<TIn> source)
    : DStream<FailedRecord<TIn>>(parent.Context, "FailedRecords", parent)
{
    protected internal override void Connect(GraphBuilder graph, Operator<FailedRecord<TIn>>[] outputs) =>
        graph.Attach(parent, this, partition => new FailedRecordsOperator<TIn, TOut>(source.Errors(graph, partition), outputs[partition]));
}

internal sealed class FailedRecordsOperator<TIn, TOut> : Operator<TOut, FailedRecord<TIn>>
{
    private readonly RecordErrors<TIn> _errors;

    public FailedRecordsOperator(RecordErrors<TIn> errors, Operator<FailedRecord<TIn>> next)
        : base(next)
    {
        _errors = errors;
        _errors.IsKept = true;
    }

    public override void OnRecords(ReadOnlySpan<TOut> items)
    {
    }

    public override void OnBatchEnd(BatchContext batch)
    {
        _errors.GiveAll(batch.Time, Output);
        base.OnBatchEnd(batch);
    }
}
