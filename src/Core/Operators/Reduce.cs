using System.Runtime.CompilerServices;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// Reduces each batch to a single record; nothing for an empty batch. Each partition is reduced first, then the
    /// results in the order of the partitions; the result is in one partition.
    /// </summary>
    /// <example><code>var sums = numbers.Reduce((a, b) => a + b);</code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="reduce">Makes one record of two; associative. Partitions call it at the same time from different
    /// threads. If it throws, the batch fails.</param>
    public static DStream<T> Reduce<T>(this DStream<T> stream, Func<T, T, T> reduce)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(reduce);
        if (stream.PartitionCount == 1)
        {
            return new ReduceStream<T>(stream, "Reduce", reduce);
        }

        return new ReduceStream<T>(new ReduceStream<T>(stream, "ReduceInPartition", reduce).Gather(), "Reduce", reduce);
    }
}

internal sealed class ReduceStream<T>(DStream<T> parent, string operatorName, Func<T, T, T> reduce)
    : DStream<T>(parent.Context, operatorName, parent)
{
    protected internal override void Connect(GraphBuilder graph, Operator<T>[] outputs) =>
        graph.Attach(parent, this, partition => LoopSpecializer.Of(reduce).Create(new Factory(reduce, outputs[partition])));

    private sealed class Factory(Func<T, T, T> reduce, Operator<T> next) : ISpecializedFactory<T>
    {
        public Operator<T> Create<TMarker>()
            where TMarker : struct => new ReduceOperator<T, TMarker>(reduce, next);
    }
}

internal sealed class ReduceOperator<T, TMarker>(Func<T, T, T> reduce, Operator<T> next) : Operator<T, T>(next)
    where TMarker : struct
{
    private T _result = default!;   // of the records so far
    private bool _hasResult;        // whether there was a record

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<T> items)
    {
        Func<T, T, T> function = reduce;
        int first = _hasResult ? 0 : 1;
        T result = _hasResult ? _result : items[0];
        for (int i = first; i < items.Length; i++)
        {
            result = function(result, items[i]);
        }

        _result = result;
        _hasResult = true;
    }

    public override void OnBatchEnd(BatchContext batch)
    {
        if (_hasResult)
        {
            Output.Add(_result);
            Forget();
        }

        base.OnBatchEnd(batch);
    }

    public override void Reset(BatchContext batch)
    {
        Forget();
        base.Reset(batch);
    }

    private void Forget()
    {
        _result = default!;
        _hasResult = false;
    }
}
