using System.Runtime.CompilerServices;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// The stream of all records that the function adds, in order, in the same partitions. It allocates nothing itself.
    /// </summary>
    /// <example><code>var letters = words.FlatMap&lt;string, char&gt;((word, output) => { foreach (char c in word)
    /// output.Add(c); });</code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="flatMap">Called once for each record, with the buffer to add results to; partitions call it at the
    /// same time from different threads. If it throws, the batch fails.</param>
    public static DStream<TResult> FlatMap<T, TResult>(this DStream<T> stream, Action<T, RecordBuffer<TResult>> flatMap)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(flatMap);
        return new FlatMapStream<T, TResult>(stream, "FlatMap", flatMap);
    }

    /// <summary>
    /// The stream of all records that the function returns, in order. Convenient, but costs a sequence object for each
    /// record.
    /// </summary>
    /// <example><code>var words = lines.FlatMap(line => line.ToString().Split(' '));</code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="flatMap">Called once for each record; partitions call it at the same time from different threads.
    /// If it throws or returns null, the batch fails.</param>
    public static DStream<TResult> FlatMap<T, TResult>(this DStream<T> stream, Func<T, IEnumerable<TResult>> flatMap)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(flatMap);
        return new FlatMapStream<T, TResult>(stream, "FlatMap", (item, output) =>
        {
            foreach (TResult result in flatMap(item) ?? throw Throw.NullSequence("FlatMap"))
            {
                output.Add(result);
            }
        });
    }

    /// <summary>The stream of the parts that the function returns, in order; it allocates no object.</summary>
    /// <example><code>var words = lines.FlatMap(line => line.Split(' '));</code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="flatMap">Called once for each record; partitions call it at the same time from different threads.
    /// If it throws, the batch fails.</param>
    public static DStream<Utf8Text> FlatMap<T>(this DStream<T> stream, Func<T, Utf8TextSplit> flatMap)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(flatMap);
        return new FlatMapStream<T, Utf8Text>(stream, "FlatMap", (item, output) =>
        {
            foreach (Utf8Text part in flatMap(item))
            {
                output.Add(part);
            }
        });
    }

    /// <summary>LINQ's name for <see cref="FlatMap{T, TResult}(DStream{T}, Func{T, IEnumerable{TResult}})"/>.</summary>
    public static DStream<TResult> SelectMany<T, TResult>(this DStream<T> source, Func<T, IEnumerable<TResult>> selector) =>
        source.FlatMap(selector);

    /// <summary>Query syntax with two <c>from</c> clauses calls this.</summary>
    public static DStream<TResult> SelectMany<T, TItem, TResult>(this DStream<T> source,
        Func<T, IEnumerable<TItem>> collection, Func<T, TItem, TResult> result)
    {
        ArgumentNullException.ThrowIfNull(collection);
        ArgumentNullException.ThrowIfNull(result);
        return source.FlatMap<T, TResult>((item, output) =>
        {
            foreach (TItem inner in collection(item) ?? throw Throw.NullSequence("FlatMap"))
            {
                output.Add(result(item, inner));
            }
        });
    }
}

internal sealed class FlatMapStream<T, TResult>(DStream<T> parent, string operatorName, Action<T, RecordBuffer<TResult>> flatMap)
    : DStream<TResult>(parent.Context, operatorName, parent), ITolerant<TResult>
{
    public Type RecordType => typeof(T);

    public DStream<TResult> Tolerate() => new TolerantStream<T, TResult>(this, parent, flatMap, () => flatMap);

    protected internal override void Connect(GraphBuilder graph, Operator<TResult>[] outputs) =>
        graph.Attach(parent, this, partition => LoopSpecializer.Of(flatMap).Create(new Factory(flatMap, outputs[partition])));

    private sealed class Factory(Action<T, RecordBuffer<TResult>> flatMap, Operator<TResult> next) : ISpecializedFactory<T>
    {
        public Operator<T> Create<TMarker>()
            where TMarker : struct => new FlatMapOperator<T, TResult, TMarker>(flatMap, next);
    }
}

internal sealed class FlatMapOperator<T, TResult, TMarker>(Action<T, RecordBuffer<TResult>> flatMap, Operator<TResult> next)
    : Operator<T, TResult>(next)
    where TMarker : struct
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<T> items)
    {
        Action<T, RecordBuffer<TResult>> function = flatMap;
        RecordBuffer<TResult> output = Output;
        for (int i = 0; i < items.Length; i++)
        {
            function(items[i], output);
        }

        output.Flush();
    }
}
