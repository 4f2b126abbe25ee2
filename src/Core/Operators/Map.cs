using System.Runtime.CompilerServices;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>The stream of a function's results, one for each record, in the same partitions.</summary>
    /// <example><code>var lengths = lines.Map(line => line.Length);</code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="map">Called once for each record; partitions call it at the same time from different threads. If
    /// it throws, the batch fails.</param>
    public static DStream<TResult> Map<T, TResult>(this DStream<T> stream, Func<T, TResult> map)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(map);
        return new MapStream<T, TResult>(stream, map);
    }

    /// <summary>LINQ's name for <see cref="Map"/>, so that query syntax works.</summary>
    public static DStream<TResult> Select<T, TResult>(this DStream<T> source, Func<T, TResult> selector) => source.Map(selector);
}

internal sealed class MapStream<T, TResult>(DStream<T> parent, Func<T, TResult> map)
    : DStream<TResult>(parent.Context, "Map", parent), ITolerant<TResult>
{
    public Type RecordType => typeof(T);

    public DStream<TResult> Tolerate() => new TolerantStream<T, TResult>(this, parent, map, () => (item, output) => output.Add(map(item)));

    protected internal override void Connect(GraphBuilder graph, Operator<TResult>[] outputs) =>
        graph.Attach(parent, this, partition => LoopSpecializer.Of(map).Create(new Factory(map, outputs[partition])));

    private sealed class Factory(Func<T, TResult> map, Operator<TResult> next) : ISpecializedFactory<T>
    {
        public Operator<T> Create<TMarker>()
            where TMarker : struct => new MapOperator<T, TResult, TMarker>(map, next);
    }
}

internal sealed class MapOperator<T, TResult, TMarker>(Func<T, TResult> map, Operator<TResult> next) : Operator<T, TResult>(next)
    where TMarker : struct
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<T> items)
    {
        // A local: the JIT compares the delegate with the one of its profile once per span, not once per record.
        Func<T, TResult> function = map;
        Span<TResult> results = Output.GetSpan(items.Length);
        for (int i = 0; i < results.Length && i < items.Length; i++)
        {
            results[i] = function(items[i]);
        }

        Output.Advance(items.Length);
    }
}
