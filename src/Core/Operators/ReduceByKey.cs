using System.Runtime.CompilerServices;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// One pair for each key of the batch, with the key's values reduced to one. Each partition reduces its values
    /// first, so that few pairs cross partitions.
    /// </summary>
    /// <example><code>var counts = words.Map(word => (word, 1L)).ReduceByKey((a, b) => a + b);</code></example>
    /// <param name="stream">The pairs.</param>
    /// <param name="reduce">Makes one value of two; associative. Values come in the order of partitions and arrival.
    /// Partitions call it at the same time from different threads. If it throws, the batch fails.</param>
    /// <param name="partitions">Partitions of the result, 1 to 1024; default the context's.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="partitions"/> is out of its range.</exception>
    public static DStream<(TKey Key, TValue Value)> ReduceByKey<TKey, TValue>(
        this DStream<(TKey Key, TValue Value)> stream, Func<TValue, TValue, TValue> reduce, int? partitions = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(reduce);
        int count = stream.PartitionsOr(partitions);
        stream = stream.WithFitKeys();
        if (stream.HasEachKeyInOnePartition(count))
        {
            return new ReduceByKeyStream<TKey, TValue>(stream, "ReduceByKey", reduce);
        }

        var reduced = new ReduceByKeyStream<TKey, TValue>(stream, "ReduceInPartition", reduce);
        return new ReduceByKeyStream<TKey, TValue>(ExchangeByKeyExtensions.NewExchangeByKey(reduced, "ExchangeByKey", count),
            "ReduceByKey", reduce);
    }
}

internal sealed class ReduceByKeyStream<TKey, TValue>(DStream<(TKey Key, TValue Value)> parent, string operatorName,
    Func<TValue, TValue, TValue> reduce)
    : DStream<(TKey Key, TValue Value)>(parent.Context, operatorName, parent)
{
    public override IPartitioner<(TKey Key, TValue Value)>? Partitioner => HashPartitioner<TKey, TValue>.Where(parent.IsPartitionedByKey);

    public override bool HasUniqueKeys => true;

    protected internal override void Connect(GraphBuilder graph, Operator<(TKey Key, TValue Value)>[] outputs) =>
        graph.Attach(parent, this, partition => LoopSpecializer.Of(reduce).Create(new Factory(reduce, outputs[partition])));

    private sealed class Factory(Func<TValue, TValue, TValue> reduce, Operator<(TKey Key, TValue Value)> next)
        : ISpecializedFactory<(TKey Key, TValue Value)>
    {
        public Operator<(TKey Key, TValue Value)> Create<TMarker>()
            where TMarker : struct =>
            new FoldByKeyOperator<(TKey Key, TValue Value), TKey, TValue, ReduceFold<TKey, TValue, TMarker>>(new(reduce), next);
    }
}

/// <summary>Needs no call for a key's first value: most keys of a skewed batch have only that one.</summary>
internal readonly struct ReduceFold<TKey, TValue, TMarker>(Func<TValue, TValue, TValue> reduce)
    : IFold<(TKey Key, TValue Value), TKey, TValue>
    where TMarker : struct
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref readonly TKey Of(in (TKey Key, TValue Value) item) => ref item.Key;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TValue First(in (TKey Key, TValue Value) item) => item.Value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TValue Next(TValue value, in (TKey Key, TValue Value) item) => reduce(value, item.Value);
}
