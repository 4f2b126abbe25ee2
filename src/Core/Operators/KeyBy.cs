using System.Runtime.CompilerServices;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>A pair of each record's key and the record itself, in the same partitions.</summary>
    /// <example><code>var byUser = events.KeyBy(e => e.User);</code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="keySelector">Called once for each record; partitions call it at the same time from different
    /// threads. If it throws, the batch fails.</param>
    public static DStream<(TKey Key, T Value)> KeyBy<T, TKey>(this DStream<T> stream, Func<T, TKey> keySelector)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(keySelector);
        return new KeyByStream<T, TKey>(stream, keySelector);
    }
}

internal sealed class KeyByStream<T, TKey>(DStream<T> parent, Func<T, TKey> keySelector)
    : DStream<(TKey Key, T Value)>(parent.Context, "KeyBy", parent), ITolerant<(TKey Key, T Value)>
{
    public Type RecordType => typeof(T);

    public DStream<(TKey Key, T Value)> Tolerate() =>
        new TolerantStream<T, (TKey Key, T Value)>(this, parent, keySelector,
            () => (item, output) => output.Add((keySelector(item), item)));

    protected internal override void Connect(GraphBuilder graph, Operator<(TKey Key, T Value)>[] outputs) =>
        graph.Attach(parent, this, partition => LoopSpecializer.Of(keySelector).Create(new Factory(keySelector, outputs[partition])));

    private sealed class Factory(Func<T, TKey> keySelector, Operator<(TKey Key, T Value)> next) : ISpecializedFactory<T>
    {
        public Operator<T> Create<TMarker>()
            where TMarker : struct => new KeyByOperator<T, TKey, TMarker>(keySelector, next);
    }
}

internal sealed class KeyByOperator<T, TKey, TMarker>(Func<T, TKey> keySelector, Operator<(TKey Key, T Value)> next)
    : Operator<T, (TKey Key, T Value)>(next)
    where TMarker : struct
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<T> items)
    {
        Func<T, TKey> selector = keySelector;
        Span<(TKey Key, T Value)> pairs = Output.GetSpan(items.Length);
        for (int i = 0; i < pairs.Length && i < items.Length; i++)
        {
            pairs[i] = (selector(items[i]), items[i]);
        }

        Output.Advance(items.Length);
    }
}
