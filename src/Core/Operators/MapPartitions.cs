using System.Runtime.CompilerServices;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// The stream of a function's results for every partition of every batch, also for empty ones. The partition is
    /// collected in memory first; <see cref="DStreamOperators.MapSpan"/> collects nothing, and is faster where spans
    /// suffice.
    /// </summary>
    /// <example><code>var sums = numbers.MapPartitions(partition => new[] { partition.Sum() });</code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="map">
    /// Called once for each partition and batch, with records that are valid until its result has been enumerated;
    /// partitions call it at the same time from different threads. If it throws, the batch fails.
    /// </param>
    /// <param name="keepsKeys">Whether every result has a key that was in the same partition before, so that downstream
    /// keyed operators need no exchange; default false. Spark's <c>preservesPartitioning</c>.</param>
    public static DStream<TResult> MapPartitions<T, TResult>(this DStream<T> stream,
        Func<BatchPartition<T>, IEnumerable<TResult>> map, bool keepsKeys = false)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(map);
        return new MapPartitionsStream<T, TResult>(stream, "MapPartitions", (partition, _) => map(partition), keepsKeys);
    }

    /// <summary>
    /// As <see cref="MapPartitions{T, TResult}(DStream{T}, Func{BatchPartition{T}, IEnumerable{TResult}}, bool)"/>,
    /// with the partition's index, from 0.
    /// </summary>
    /// <example><code>var placed = numbers.MapPartitions((partition, index) => partition.Select(number => (index,
    /// number)));</code></example>
    public static DStream<TResult> MapPartitions<T, TResult>(this DStream<T> stream,
        Func<BatchPartition<T>, int, IEnumerable<TResult>> map, bool keepsKeys = false)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(map);
        return new MapPartitionsStream<T, TResult>(stream, "MapPartitions", map, keepsKeys);
    }
}

internal sealed class MapPartitionsStream<T, TResult>(DStream<T> parent, string operatorName,
    Func<BatchPartition<T>, int, IEnumerable<TResult>> map, bool keepsKeys)
    : DStream<TResult>(parent.Context, operatorName, parent)
{
    internal override bool MakesRecords => true;

    public override bool IsPartitionedByKey => keepsKeys && parent.IsPartitionedByKey;

    // If the record type changes, the key of a result is unknown.
    public override IPartitioner<TResult>? Partitioner => keepsKeys ? parent.Partitioner as IPartitioner<TResult> : null;

    protected internal override void Connect(GraphBuilder graph, Operator<TResult>[] outputs) =>
        graph.Attach(parent, this, partition => new MapPartitionsOperator<T, TResult>(map, partition, OperatorName, outputs[partition]));
}

/// <summary>Collects the partition in memory; the user's function runs at the end of the batch.</summary>
internal sealed class MapPartitionsOperator<T, TResult>(Func<BatchPartition<T>, int, IEnumerable<TResult>> map,
    int partition, string operatorName, Operator<TResult> next)
    : Operator<T, TResult>(next)
{
    private readonly RecordBlocks<T> _records = new();

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<T> items) => _records.Add(items);

    public override void OnBatchEnd(BatchContext batch)
    {
        _records.Seal();
        var life = new RecordsLife(typeof(BatchPartition<T>).Name, batch.Time,
            "Read a partition only in the function that receives it, and in the sequence that this returns; keep partition.ToArray().");
        try
        {
            IEnumerable<TResult> results = map(new BatchPartition<T>(_records, life), partition)
                ?? throw Throw.NullSequence(operatorName, batch.Time);
            foreach (TResult result in results)
            {
                Output.Add(result);
            }

            // Results may share what the collected records point to, but never the blocks of records: these are returned now.
            base.OnBatchEnd(batch);
        }
        finally
        {
            life.End();
            _records.Dispose();
        }
    }

    public override void Reset(BatchContext batch)
    {
        _records.Dispose();
        base.Reset(batch);
    }
}
