using System.Runtime.CompilerServices;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>The stream of the records that the predicate accepts, in order, in the same partitions.</summary>
    /// <example><code>var errors = lines.Filter(line => line.Contains("ERROR"u8));</code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="keep">Called once for each record; partitions call it at the same time from different threads. If
    /// it throws, the batch fails.</param>
    public static DStream<T> Filter<T>(this DStream<T> stream, Func<T, bool> keep)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(keep);
        return new FilterStream<T>(stream, keep);
    }

    /// <summary>LINQ's name for <see cref="Filter"/>, so that query syntax works.</summary>
    public static DStream<T> Where<T>(this DStream<T> source, Func<T, bool> predicate) => source.Filter(predicate);
}

internal sealed class FilterStream<T>(DStream<T> parent, Func<T, bool> keep) : DStream<T>(parent.Context, "Filter", parent), ITolerant<T>
{
    public override bool IsPartitionedByKey => parent.IsPartitionedByKey;

    public override IPartitioner<T>? Partitioner => parent.Partitioner;

    public override bool HasUniqueKeys => parent.HasUniqueKeys;

    public Type RecordType => typeof(T);

    public DStream<T> Tolerate() => new TolerantStream<T, T>(this, parent, keep, () => (item, output) =>
    {
        if (keep(item))
        {
            output.Add(item);
        }
    });

    protected internal override void Connect(GraphBuilder graph, Operator<T>[] outputs) =>
        graph.Attach(parent, this, partition => LoopSpecializer.Of(keep).Create(new Factory(keep, outputs[partition])));

    private sealed class Factory(Func<T, bool> keep, Operator<T> next) : ISpecializedFactory<T>
    {
        public Operator<T> Create<TMarker>()
            where TMarker : struct => new FilterOperator<T, TMarker>(keep, next);
    }
}

internal sealed class FilterOperator<T, TMarker>(Func<T, bool> keep, Operator<T> next) : Operator<T, T>(next)
    where TMarker : struct
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<T> items)
    {
        Func<T, bool> predicate = keep;
        Span<T> kept = Output.GetSpan(items.Length);
        int count = 0;
        for (int i = 0; i < items.Length; i++)
        {
            // Store, then advance by 0 or 1: there is no branch to mispredict.
            T item = items[i];
            kept[count] = item;
            count += predicate(item) ? 1 : 0;
        }

        Output.Advance(count);
    }
}
