using System.Runtime.CompilerServices;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// One pair for each key of the batch, with a combiner of the key's values. Each partition combines its values
    /// first, so that few cross partitions.
    /// </summary>
    /// <remarks>Partitions call the functions at the same time from different threads. If one throws, the batch
    /// fails.</remarks>
    /// <example><code>
    /// var averages = pairs
    ///     .CombineByKey(
    ///         v => (Sum: v, Count: 1L),
    ///         (c, v) => (c.Sum + v, c.Count + 1),
    ///         (a, b) => (a.Sum + b.Sum, a.Count + b.Count))
    ///     .MapValues(c => c.Sum / c.Count);
    /// </code></example>
    /// <param name="stream">The pairs.</param>
    /// <param name="create">Makes a combiner from a key's first value.</param>
    /// <param name="mergeValue">Adds a value to a combiner; may change and return the one given.</param>
    /// <param name="mergeCombiners">Merges two combiners of a key; associative. Values come in the order of partitions
    /// and arrival.</param>
    /// <param name="partitions">Partitions of the result, 1 to 1024; default the context's.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="partitions"/> is out of its range.</exception>
    public static DStream<(TKey Key, TCombiner Value)> CombineByKey<TKey, TValue, TCombiner>(
        this DStream<(TKey Key, TValue Value)> stream,
        Func<TValue, TCombiner> create,
        Func<TCombiner, TValue, TCombiner> mergeValue,
        Func<TCombiner, TCombiner, TCombiner> mergeCombiners,
        int? partitions = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(create);
        ArgumentNullException.ThrowIfNull(mergeValue);
        ArgumentNullException.ThrowIfNull(mergeCombiners);
        int count = stream.PartitionsOr(partitions);
        stream = stream.WithFitKeys();
        if (stream.HasEachKeyInOnePartition(count))
        {
            return new CombineByKeyStream<TKey, TValue, TCombiner>(stream, "CombineByKey", create, mergeValue);
        }

        var combined = new CombineByKeyStream<TKey, TValue, TCombiner>(stream, "CombineInPartition", create, mergeValue);
        return new CombineByKeyStream<TKey, TCombiner, TCombiner>(
            ExchangeByKeyExtensions.NewExchangeByKey(combined, "ExchangeByKey", count), "CombineByKey",
            combiner => combiner, mergeCombiners);
    }
}

internal sealed class CombineByKeyStream<TKey, TValue, TCombiner>(
    DStream<(TKey Key, TValue Value)> parent, string operatorName, Func<TValue, TCombiner> create, Func<TCombiner, TValue, TCombiner> merge)
    : DStream<(TKey Key, TCombiner Value)>(parent.Context, operatorName, parent)
{
    public override IPartitioner<(TKey Key, TCombiner Value)>? Partitioner =>
        HashPartitioner<TKey, TCombiner>.Where(parent.IsPartitionedByKey);

    public override bool HasUniqueKeys => true;

    protected internal override void Connect(GraphBuilder graph, Operator<(TKey Key, TCombiner Value)>[] outputs) =>
        graph.Attach(parent, this, partition => LoopSpecializer.Of(merge).Create(new Factory(create, merge, outputs[partition])));

    private sealed class Factory(Func<TValue, TCombiner> create, Func<TCombiner, TValue, TCombiner> merge,
        Operator<(TKey Key, TCombiner Value)> next)
        : ISpecializedFactory<(TKey Key, TValue Value)>
    {
        public Operator<(TKey Key, TValue Value)> Create<TMarker>()
            where TMarker : struct =>
            new FoldByKeyOperator<(TKey Key, TValue Value), TKey, TCombiner, CombineFold<TKey, TValue, TCombiner, TMarker>>(
                new(create, merge), next);
    }
}

internal readonly struct CombineFold<TKey, TValue, TCombiner, TMarker>(Func<TValue, TCombiner> create,
    Func<TCombiner, TValue, TCombiner> merge)
    : IFold<(TKey Key, TValue Value), TKey, TCombiner>
    where TMarker : struct
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref readonly TKey Of(in (TKey Key, TValue Value) item) => ref item.Key;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TCombiner First(in (TKey Key, TValue Value) item) => create(item.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TCombiner Next(TCombiner value, in (TKey Key, TValue Value) item) => merge(value, item.Value);
}
