using System.Runtime.CompilerServices;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// At every multiple of <paramref name="slide"/> after zero time, the records of the batches of the last
    /// <paramref name="length"/>, oldest batch first: a window at t holds the batches with times after t − length up to
    /// t. The first windows hold the batches that there are so far.
    /// </summary>
    /// <remarks>
    /// A window's records stay in memory: its size is length times rate. Texts are copied once, so that the window
    /// holds no received block. Only records that hold groups, or keep texts in classes, lists or arrays, hold their
    /// batches; length times rate must then stay below <see cref="StreamingOptions.MaxBufferedBytes"/>, or receivers
    /// wait. The window looks into objects, interfaces, open classes and delegates: it holds a batch only if one of the
    /// batch's records has a text in them. A batch whose operators failed for good is not in the window; a batch of
    /// which only an output failed is. The semantics are Spark Streaming's.
    /// </remarks>
    /// <example><code>lines.Window(length: TimeSpan.FromSeconds(30), slide: TimeSpan.FromSeconds(10)).Count().Print();</code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="length">How far the window reaches back: a positive multiple of the stream's slide.</param>
    /// <param name="slide">Time between two windows: a positive multiple of the stream's slide, which may be longer
    /// than the window; default the stream's slide.</param>
    /// <exception cref="ArgumentException"><paramref name="length"/> or <paramref name="slide"/> is not a positive
    /// multiple of the stream's slide.</exception>
    public static DStream<T> Window<T>(this DStream<T> stream, TimeSpan length, TimeSpan? slide = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return new WindowStream<T>(stream, WindowSize.Of(stream, length, slide));
    }
}

internal sealed class WindowStream<T>(DStream<T> parent, WindowSize size) : DStream<T>(parent.Context, "Window", parent)
{
    public override TimeSpan Slide => size.Slide;

    internal override bool IsWindow => true;

    public override bool IsPartitionedByKey => parent.IsPartitionedByKey;

    public override IPartitioner<T>? Partitioner => parent.Partitioner;

    public override bool HasUniqueKeys => parent.HasUniqueKeys && size.Length == parent.Slide;

    protected internal override void Connect(GraphBuilder graph, Operator<T>[] outputs)
    {
        WindowOperator<T>[] operators = [.. outputs.Select(output => graph.Own(new WindowOperator<T>(size, output)))];
        graph.AddSection(this, serializers => new WindowSnapshot<T>(this, operators, serializers, graph.Salt));
        foreach (WindowOperator<T> created in operators)
        {
            graph.Due.Add(created.NextDue);
        }

        graph.Attach(parent, this, partition => operators[partition]);
    }
}

/// <summary>
/// Keeps the batches that a later window still needs, and forwards their records, without a copy, whenever a window is
/// due.
/// </summary>
internal sealed class WindowOperator<T>(WindowSize size, Operator<T> next) : PaneWindowOperator<T, T, T>(size, next)
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<T> items) => Gathering.Add(items);

    protected override void Emit(BatchContext batch, WindowPane<T> last, BatchTime before)
    {
        foreach (WindowPane<T> pane in Panes)
        {
            if (pane.Time > before)
            {
                Forward(pane, batch);
            }
        }

        Forward(last, batch);
    }

    private void Forward(WindowPane<T> pane, BatchContext batch)
    {
        pane.HoldFor(batch);
        pane.Records.PassTo(Output);
    }
}
