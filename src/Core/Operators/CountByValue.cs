using System.Runtime.CompilerServices;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// One pair for each different record of the batch, with how often it came; nothing for an empty batch. Counted in
    /// each partition first, so that few cross.
    /// </summary>
    /// <example><code>var counts = lines.SplitWords().CountByValue();</code></example>
    /// <param name="stream">The stream. Records are compared by their own equality; null counts as a value.</param>
    /// <param name="partitions">Partitions of the result, 1 to 1024; default the context's.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="partitions"/> is out of its range.</exception>
    public static DStream<(T Key, long Value)> CountByValue<T>(this DStream<T> stream, int? partitions = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        int count = stream.PartitionsOr(partitions);
        stream = stream.FitAsKeys();
        if (count == 1 && stream.PartitionCount == 1)
        {
            return new CountByValueStream<T>(stream, "CountByValue");
        }

        var counted = new CountByValueStream<T>(stream, "CountByValueInPartition");
        return new SumByKeyStream<T>(ExchangeByKeyExtensions.NewExchangeByKey(counted, "ExchangeByKey", count), "CountByValue");
    }
}

internal sealed class CountByValueStream<T>(DStream<T> parent, string operatorName)
    : DStream<(T Key, long Value)>(parent.Context, operatorName, parent)
{
    public override bool HasUniqueKeys => true;

    protected internal override void Connect(GraphBuilder graph, Operator<(T Key, long Value)>[] outputs) =>
        graph.Attach(parent, this, partition => new CountByValueOperator<T>(outputs[partition]));
}

/// <summary>One table lookup for each record, the slots asked for ahead; no delegate, and no pair is built before the end.</summary>
internal sealed class CountByValueOperator<T>(Operator<(T Key, long Value)> next) : TableOperator<T, T, long>(next)
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<T> items)
    {
        Span<uint> hashes = Hashes(items.Length);
        Table.Prepare<T, WholeKey<T>>(items, hashes);
        for (int i = 0; (i = Count(Table.GetCursor(), items, hashes, i)) < items.Length; i++)
        {
            Table.GetOrAdd(hashes[i], in items[i], out _)++;
        }
    }

    // A loop without calls; gives the place of the first key that needs one.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Count(KeyTable<T, long>.Probe probe, ReadOnlySpan<T> items, Span<uint> hashes, int from)
    {
        for (int i = from; i < items.Length && i < hashes.Length; i++)
        {
            ref long count = ref probe.TryGetOrAdd(hashes[i], in items[i], out bool isNew);
            if (Unsafe.IsNullRef(ref count))
            {
                return i;
            }

            count = isNew ? 1 : count + 1;
        }

        return items.Length;
    }
}

internal sealed class SumByKeyStream<TKey>(DStream<(TKey Key, long Value)> parent, string operatorName)
    : DStream<(TKey Key, long Value)>(parent.Context, operatorName, parent)
{
    public override IPartitioner<(TKey Key, long Value)>? Partitioner => HashPartitioner<TKey, long>.Where(parent.IsPartitionedByKey);

    public override bool HasUniqueKeys => true;

    protected internal override void Connect(GraphBuilder graph, Operator<(TKey Key, long Value)>[] outputs) =>
        graph.Attach(parent, this, partition => new SumByKeyOperator<TKey>(outputs[partition]));
}

/// <summary>Adds the counts of the partitions up.</summary>
internal sealed class SumByKeyOperator<TKey>(Operator<(TKey Key, long Value)> next)
    : TableOperator<(TKey Key, long Value), TKey, long>(next)
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<(TKey Key, long Value)> items)
    {
        KeyTable<TKey, long> table = Table;
        Span<uint> hashes = Hashes(items.Length);
        table.Prepare<(TKey Key, long Value), PairKey<TKey, long>>(items, hashes);
        KeyTable<TKey, long>.Probe probe = table.GetCursor();
        for (int i = 0; i < items.Length; i++)
        {
            probe.GetOrAdd(hashes[i], in items[i].Key, out _) += items[i].Value;
        }
    }
}
