using System.Runtime.CompilerServices;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// One pair for each key of the batch, with the key's values in the order of partitions and arrival. No object is
    /// made for a record or key. To fold the values only, <see cref="DStreamOperators.ReduceByKey"/> or
    /// <c>CombineByKey</c> is better: it moves one value for each key and partition.
    /// </summary>
    /// <example><code>var medians = pairs.GroupByKey().MapValues(values => Median(values.Span));</code></example>
    /// <param name="stream">The pairs.</param>
    /// <param name="partitions">Partitions of the result, 1 to 1024; default the context's.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="partitions"/> is out of its range.</exception>
    public static DStream<(TKey Key, Group<TValue> Value)> GroupByKey<TKey, TValue>(this DStream<(TKey Key, TValue Value)> stream,
        int? partitions = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return new GroupByKeyStream<TKey, TValue>(stream.ExchangeByKey(stream.PartitionsOr(partitions)));
    }

    /// <summary>LINQ's name for <c>KeyBy</c> and <c>GroupByKey</c>, so that <c>group x by key</c> works.</summary>
    public static DStream<(TKey Key, Group<T> Value)> GroupBy<T, TKey>(this DStream<T> source, Func<T, TKey> keySelector) =>
        source.KeyBy(keySelector).GroupByKey();

    /// <summary>
    /// As <see cref="GroupBy{T, TKey}(DStream{T}, Func{T, TKey})"/>, but groups a function's result for each record.
    /// </summary>
    public static DStream<(TKey Key, Group<TElement> Value)> GroupBy<T, TKey, TElement>(this DStream<T> source,
        Func<T, TKey> keySelector, Func<T, TElement> elementSelector)
    {
        ArgumentNullException.ThrowIfNull(keySelector);
        ArgumentNullException.ThrowIfNull(elementSelector);
        return source.Map(item => (Key: keySelector(item), Value: elementSelector(item))).GroupByKey();
    }
}

internal sealed class GroupByKeyStream<TKey, TValue>(DStream<(TKey Key, TValue Value)> parent)
    : DStream<(TKey Key, Group<TValue> Value)>(parent.Context, "GroupByKey", parent)
{
    public override IPartitioner<(TKey Key, Group<TValue> Value)>? Partitioner =>
        HashPartitioner<TKey, Group<TValue>>.Where(parent.IsPartitionedByKey);

    public override bool HasUniqueKeys => true;

    protected internal override void Connect(GraphBuilder graph, Operator<(TKey Key, Group<TValue> Value)>[] outputs) =>
        graph.Attach(parent, this, partition => new GroupByKeyOperator<TKey, TValue>(outputs[partition]));
}

/// <summary>Numbers the keys as they come, and sorts the values by that number at the end of the batch.</summary>
internal sealed class GroupByKeyOperator<TKey, TValue>(Operator<(TKey Key, Group<TValue> Value)> next)
    : Operator<(TKey Key, TValue Value), (TKey Key, Group<TValue> Value)>(next)
{
    private readonly KeyDictionary<TKey> _keys = new();
    private readonly GroupSorter<TValue> _groups = new();

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<(TKey Key, TValue Value)> items) => _groups.AddRange(items, _keys);

    public override void OnBatchEnd(BatchContext batch)
    {
        ReadOnlySpan<TKey> keys = _keys.Keys;
        _groups.Build(batch, keys.Length);
        for (int i = 0; i < keys.Length; i++)
        {
            Output.Add((keys[i], _groups[i]));
        }

        Forget();
        base.OnBatchEnd(batch);
    }

    public override void Reset(BatchContext batch)
    {
        Forget();
        base.Reset(batch);
    }

    private void Forget()
    {
        _keys.Clear();
        _groups.Clear();
    }
}
