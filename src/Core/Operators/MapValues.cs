using System.Runtime.CompilerServices;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// Each pair with a function's result in place of its value. Keys stay in their partitions, so that downstream
    /// keyed operators need an exchange only if they needed one before.
    /// </summary>
    /// <example><code>var averages = pairs.GroupByKey().MapValues(group => group.Average());</code></example>
    /// <param name="stream">The pairs.</param>
    /// <param name="map">Called once for each pair; partitions call it at the same time from different threads. If it
    /// throws, the batch fails.</param>
    public static DStream<(TKey Key, TResult Value)> MapValues<TKey, TValue, TResult>(this DStream<(TKey Key, TValue Value)> stream,
        Func<TValue, TResult> map)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(map);
        return new MapValuesStream<TKey, TValue, TResult>(stream, map);
    }
}

internal sealed class MapValuesStream<TKey, TValue, TResult>(DStream<(TKey Key, TValue Value)> parent, Func<TValue, TResult> map)
    : DStream<(TKey Key, TResult Value)>(parent.Context, "MapValues", parent), ITolerant<(TKey Key, TResult Value)>
{
    public override IPartitioner<(TKey Key, TResult Value)>? Partitioner => HashPartitioner<TKey, TResult>.Where(parent.IsPartitionedByKey);

    public override bool HasUniqueKeys => parent.HasUniqueKeys;

    public Type RecordType => typeof((TKey Key, TValue Value));

    public DStream<(TKey Key, TResult Value)> Tolerate() =>
        new TolerantStream<(TKey Key, TValue Value), (TKey Key, TResult Value)>(this, parent, map,
            () => (item, output) => output.Add((item.Key, map(item.Value))));

    protected internal override void Connect(GraphBuilder graph, Operator<(TKey Key, TResult Value)>[] outputs) =>
        graph.Attach(parent, this, partition => LoopSpecializer.Of(map).Create(new Factory(map, outputs[partition])));

    private sealed class Factory(Func<TValue, TResult> map, Operator<(TKey Key, TResult Value)> next)
        : ISpecializedFactory<(TKey Key, TValue Value)>
    {
        public Operator<(TKey Key, TValue Value)> Create<TMarker>()
            where TMarker : struct => new MapValuesOperator<TKey, TValue, TResult, TMarker>(map, next);
    }
}

internal sealed class MapValuesOperator<TKey, TValue, TResult, TMarker>(Func<TValue, TResult> map, Operator<(TKey Key, TResult Value)> next)
    : Operator<(TKey Key, TValue Value), (TKey Key, TResult Value)>(next)
    where TMarker : struct
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<(TKey Key, TValue Value)> items)
    {
        Func<TValue, TResult> function = map;
        Span<(TKey Key, TResult Value)> pairs = Output.GetSpan(items.Length);
        for (int i = 0; i < pairs.Length && i < items.Length; i++)
        {
            ref readonly (TKey Key, TValue Value) item = ref items[i];
            pairs[i] = (item.Key, function(item.Value));
        }

        Output.Advance(items.Length);
    }
}
