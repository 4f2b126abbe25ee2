using System.Runtime.CompilerServices;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// One pair for each key of the batch: its values gathered in a combiner. Values are combined in each partition
    /// first, so that few cross.
    /// </summary>
    /// <remarks>Partitions call the functions at the same time from different threads. What one throws fails the batch.</remarks>
    /// <example><code>
    /// var averages = pairs.CombineByKey(v => (Sum: v, Count: 1L), (c, v) => (c.Sum + v, c.Count + 1), (a, b) => (a.Sum + b.Sum, a.Count + b.Count))
    ///                     .MapValues(c => c.Sum / c.Count);
    /// </code></example>
    /// <param name="stream">The pairs.</param>
    /// <param name="create">A combiner from a key's first value.</param>
    /// <param name="mergeValue">A combiner with one more value; may change and return the one given.</param>
    /// <param name="mergeCombiners">Two combiners of a key made one; associative. Values come in the order of
    /// partitions and arrival.</param>
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
            where TMarker : struct => new CombineByKeyOperator<TKey, TValue, TCombiner, TMarker>(create, merge, next);
    }
}

/// <summary>
/// One table lookup for each record, the slots asked for ahead; the result goes on at the end of the batch, in the
/// order in which keys came.
/// </summary>
internal sealed class CombineByKeyOperator<TKey, TValue, TCombiner, TMarker>(
    Func<TValue, TCombiner> create, Func<TCombiner, TValue, TCombiner> merge, Operator<(TKey Key, TCombiner Value)> next)
    : TableOperator<(TKey Key, TValue Value), TKey, TCombiner>(next)
    where TMarker : struct
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<(TKey Key, TValue Value)> items)
    {
        Span<uint> hashes = Hashes(items.Length);
        Table.Prepare<(TKey Key, TValue Value), PairKey<TKey, TValue>>(items, hashes);
        for (int i = 0; (i = Update(create, merge, Table.GetCursor(), items, hashes, i)) < items.Length; i++)
        {
            UpdateSlowly(hashes[i], in items[i]);
        }
    }

    // A loop without calls but the user's; gives the place of the first key that needs one.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Update(
        Func<TValue, TCombiner> first, Func<TCombiner, TValue, TCombiner> more, KeyTable<TKey, TCombiner>.Probe probe,
        ReadOnlySpan<(TKey Key, TValue Value)> items, Span<uint> hashes, int from)
    {
        for (int i = from; i < items.Length && i < hashes.Length; i++)
        {
            ref readonly (TKey Key, TValue Value) item = ref items[i];
            ref TCombiner combiner = ref probe.TryGetOrAdd(hashes[i], in item.Key, out bool isNew);
            if (Unsafe.IsNullRef(ref combiner))
            {
                return i;
            }

            combiner = isNew ? first(item.Value) : more(combiner, item.Value);
        }

        return items.Length;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void UpdateSlowly(uint hash, in (TKey Key, TValue Value) item)
    {
        ref TCombiner combiner = ref Table.GetOrAdd(hash, in item.Key, out bool exists);
        combiner = exists ? merge(combiner, item.Value) : create(item.Value);
    }
}
