using System.Buffers.Binary;
using FastStream;

namespace Acme;

/// <summary>The number of the batch in each partition, from 1 on: something kept over batches that belongs to no key.</summary>
internal sealed class BatchNumberStream(DStream<int> parent) : DStream<long>(parent.Context, "BatchNumber", parent)
{
    protected override void Connect(GraphBuilder graph, Operator<long>[] outputs) =>
        graph.Attach(parent, this, partition => new BatchNumberOperator(outputs[partition]));
}

internal sealed class BatchNumberOperator(Operator<long> next) : StatefulOperator<int, long>(next)
{
    private long _accepted;

    public override void OnRecords(ReadOnlySpan<int> items)
    {
    }

    public override void OnBatchEnd(BatchContext batch)
    {
        Output.Add(_accepted + 1);
        base.OnBatchEnd(batch);
    }

    protected override void Accept() => _accepted++;

    protected override void Undo()
    {
    }

    protected override string? Schema => "a number";

    protected override bool IsKeyed => false;

    protected override void Save(KeyGroupWriter groups)
    {
        BinaryPrimitives.WriteInt64LittleEndian(groups.Partition.GetSpan(8), _accepted);
        groups.Partition.Advance(8);
    }

    protected override void Restore(ReadOnlySpan<byte> saved) =>
        _accepted = Math.Max(_accepted, BinaryPrimitives.ReadInt64LittleEndian(saved));
}
