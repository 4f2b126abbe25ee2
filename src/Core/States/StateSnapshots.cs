namespace FastStream;

/// <summary>
/// All states after each batch, from the <c>MapWithState</c> of the same graph, whose records are ignored here.
/// </summary>
internal sealed class StateSnapshotsStream<TKey, TState, TMapped>(MapWithStateStream<TKey, TState, TMapped> parent)
    : DStream<(TKey Key, TState State)>(parent.Context, "StateSnapshots", parent)
{
    internal override bool MakesRecords => true;

    public override IPartitioner<(TKey Key, TState State)>? Partitioner => HashPartitioner<TKey, TState>.Instance;

    public override bool HasUniqueKeys => true;

    protected internal override void Connect(GraphBuilder graph, Operator<(TKey Key, TState State)>[] outputs) =>
        graph.Attach(parent, this,
            partition => new StateSnapshotsOperator<TKey, TState, TMapped>(parent.States(graph, partition), outputs[partition]));
}

internal sealed class StateSnapshotsOperator<TKey, TState, TMapped>(KeyedStates<TKey, TState> states,
    Operator<(TKey Key, TState State)> next)
    : Operator<TMapped, (TKey Key, TState State)>(next)
{
    public override void OnRecords(ReadOnlySpan<TMapped> items)
    {
    }

    public override void OnBatchEnd(BatchContext batch)
    {
        states.GiveAll(Output, batch);
        base.OnBatchEnd(batch);
    }
}
