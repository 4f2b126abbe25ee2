using System.Runtime.CompilerServices;

namespace FastStream;

/// <summary>A loop over a span of records, written by the user.</summary>
/// <param name="items">Records of one partition, in order: at least 1, at most <see cref="RecordBuffer.SpanRecords"/>.
/// A batch comes in any number of spans. Valid during the call.</param>
/// <param name="output">The buffer to add results to.</param>
/// <typeparam name="T">The input record.</typeparam>
/// <typeparam name="TResult">The output record.</typeparam>
public delegate void SpanFunction<T, TResult>(ReadOnlySpan<T> items, RecordBuffer<TResult> output);

public static partial class DStreamOperators
{
    /// <summary>
    /// The stream of all records that the function adds, in order, in the same partitions. How a batch is divided into
    /// spans has no meaning: do not count spans.
    /// </summary>
    /// <example><code>
    /// var squares = numbers.MapSpan((ReadOnlySpan&lt;int&gt; items, RecordBuffer&lt;int&gt; output) =>
    /// {
    ///     Span&lt;int&gt; results = output.GetSpan(items.Length);
    ///     for (int i = 0; i &lt; items.Length; i++)
    ///     {
    ///         results[i] = items[i] * items[i];
    ///     }
    ///
    ///     output.Advance(items.Length);
    /// });
    /// </code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="map">Called once for each span; partitions call it at the same time from different threads. If it
    /// throws, the batch fails.</param>
    public static DStream<TResult> MapSpan<T, TResult>(this DStream<T> stream, SpanFunction<T, TResult> map)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(map);
        return new MapSpanStream<T, TResult>(stream, map);
    }
}

internal sealed class MapSpanStream<T, TResult>(DStream<T> parent, SpanFunction<T, TResult> map)
    : DStream<TResult>(parent.Context, "MapSpan", parent)
{
    protected internal override void Connect(GraphBuilder graph, Operator<TResult>[] outputs) =>
        graph.Attach(parent, this, partition => new MapSpanOperator<T, TResult>(map, outputs[partition]));
}

internal sealed class MapSpanOperator<T, TResult>(SpanFunction<T, TResult> map, Operator<TResult> next) : Operator<T, TResult>(next)
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<T> items)
    {
        map(items, Output);
        Output.Flush();
    }
}
