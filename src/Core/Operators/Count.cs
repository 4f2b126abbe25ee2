using System.Runtime.CompilerServices;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// Exactly one number for each batch, in one partition: how many records the batch has; 0 for an empty one.
    /// </summary>
    /// <example><code>lines.Count().Print();</code></example>
    /// <param name="stream">The stream.</param>
    public static DStream<long> Count<T>(this DStream<T> stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (stream.PartitionCount == 1)
        {
            return new CountStream<T>(stream, "Count");
        }

        return new SumStream(new CountStream<T>(stream, "CountInPartition").Gather(), "Count");
    }
}

internal sealed class CountStream<T>(DStream<T> parent, string operatorName) : DStream<long>(parent.Context, operatorName, parent)
{
    internal override bool MakesRecords => true;

    protected internal override void Connect(GraphBuilder graph, Operator<long>[] outputs) =>
        graph.Attach(parent, this, partition => new CountOperator<T>(outputs[partition]));
}

internal sealed class CountOperator<T>(Operator<long> next) : Operator<T, long>(next)
{
    private long _count;   // records of the batch so far

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<T> items) => _count += items.Length;

    public override void OnBatchEnd(BatchContext batch)
    {
        Output.Add(_count);
        _count = 0;
        base.OnBatchEnd(batch);
    }

    public override void Reset(BatchContext batch)
    {
        _count = 0;
        base.Reset(batch);
    }
}

internal sealed class SumStream(DStream<long> parent, string operatorName) : DStream<long>(parent.Context, operatorName, parent)
{
    internal override bool MakesRecords => true;

    protected internal override void Connect(GraphBuilder graph, Operator<long>[] outputs) =>
        graph.Attach(parent, this, partition => new SumOperator(outputs[partition]));
}

internal sealed class SumOperator(Operator<long> next) : Operator<long, long>(next)
{
    private long _sum;   // of the batch so far

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<long> items)
    {
        foreach (long item in items)
        {
            _sum = checked(_sum + item);
        }
    }

    public override void OnBatchEnd(BatchContext batch)
    {
        Output.Add(_sum);
        _sum = 0;
        base.OnBatchEnd(batch);
    }

    public override void Reset(BatchContext batch)
    {
        _sum = 0;
        base.Reset(batch);
    }
}
