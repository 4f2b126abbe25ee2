using System.Runtime.CompilerServices;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// The <paramref name="count"/> records of each batch with the largest keys (with the smallest, when not
    /// descending), best first, in one partition. Of equal keys, the one that came first is better. A batch with fewer
    /// records gives all of them. Each partition finds its best records first, so that few cross partitions.
    /// </summary>
    /// <example><code>words.CountByValue().TopK(10, x => x.Value).Print();</code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="count">The number of records kept, at least 1; each partition holds that many in memory.</param>
    /// <param name="keySelector">Gives the value that is compared, by its type's own order. Called once for each record
    /// in each of two steps; partitions call it at the same time from different threads. If it throws, the batch
    /// fails.</param>
    /// <param name="descending">Whether the largest are kept; default true.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is below 1.</exception>
    public static DStream<T> TopK<T, TKey>(this DStream<T> stream, int count, Func<T, TKey> keySelector, bool descending = true)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(keySelector);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        if (stream.PartitionCount == 1)
        {
            return new TopKStream<T, TKey>(stream, "TopK", count, keySelector, descending);
        }

        var best = new TopKStream<T, TKey>(stream, "TopKInPartition", count, keySelector, descending);
        return new TopKStream<T, TKey>(best.Gather(), "TopK", count, keySelector, descending);
    }
}

internal sealed class TopKStream<T, TKey>(DStream<T> parent, string operatorName, int count, Func<T, TKey> keySelector, bool descending)
    : DStream<T>(parent.Context, operatorName, parent)
{
    protected internal override void Connect(GraphBuilder graph, Operator<T>[] outputs) =>
        graph.Attach(parent, this,
            partition => LoopSpecializer.Of(keySelector).Create(new Factory(count, keySelector, descending, outputs[partition])));

    private sealed class Factory(int count, Func<T, TKey> keySelector, bool descending, Operator<T> next) : ISpecializedFactory<T>
    {
        public Operator<T> Create<TMarker>()
            where TMarker : struct => new TopKOperator<T, TKey, TMarker>(count, keySelector, descending, next);
    }
}

/// <summary>A heap with the worst of the best records on top: most records are compared with that one and dropped.</summary>
internal sealed class TopKOperator<T, TKey, TMarker>(int count, Func<T, TKey> keySelector, bool descending, Operator<T> next)
    : Operator<T, T>(next)
    where TMarker : struct
{
    private readonly PriorityQueue<T, (TKey Key, long Arrival)> _best = new(new WorstFirst(descending));
    private readonly PooledList<T> _worstFirst = new();   // the result before it is reversed
    private long _arrival;                                // records of the batch so far

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<T> items)
    {
        Func<T, TKey> selector = keySelector;
        PriorityQueue<T, (TKey Key, long Arrival)> best = _best;
        foreach (ref readonly T item in items)
        {
            TKey key = selector(item);
            if (best.Count < count)
            {
                best.Enqueue(item, (key, _arrival));
            }
            else
            {
                best.TryPeek(out _, out (TKey Key, long Arrival) worst);
                int order = Comparer<TKey>.Default.Compare(key, worst.Key);
                if (descending ? order > 0 : order < 0)
                {
                    best.DequeueEnqueue(item, (key, _arrival));
                }
            }

            _arrival++;
        }
    }

    public override void OnBatchEnd(BatchContext batch)
    {
        while (_best.TryDequeue(out T? item, out _))
        {
            _worstFirst.Add(item);
        }

        _arrival = 0;
        _worstFirst.Span.Reverse();
        Output.Write(_worstFirst.Span);
        _worstFirst.Clear();
        base.OnBatchEnd(batch);
    }

    public override void Reset(BatchContext batch)
    {
        _best.Clear();
        _worstFirst.Clear();
        _arrival = 0;
        base.Reset(batch);
    }

    private sealed class WorstFirst(bool descending) : IComparer<(TKey Key, long Arrival)>
    {
        public int Compare((TKey Key, long Arrival) x, (TKey Key, long Arrival) y)
        {
            int order = Comparer<TKey>.Default.Compare(x.Key, y.Key);
            return order == 0 ? y.Arrival.CompareTo(x.Arrival) : descending ? order : -Math.Sign(order);
        }
    }
}
