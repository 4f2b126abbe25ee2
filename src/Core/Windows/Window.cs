using System.Runtime.CompilerServices;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// At every multiple of <paramref name="slide"/> after zero time, the records of the batches of the last
    /// <paramref name="length"/>, oldest batch first: at t those of the times after t − length up to t. The first
    /// windows hold what there is so far.
    /// </summary>
    /// <remarks>
    /// A window's records stay in memory: its size is length times rate. Texts are copied once, so that no received
    /// block is held; only records that hold groups or keep texts in classes, lists or arrays hold their batches, and
    /// then length times rate must stay below <see cref="StreamingOptions.MaxBufferedBytes"/>, else receivers wait.
    /// Objects, interfaces, open classes and delegates are looked into: a batch is held only where one of its records
    /// has a text in it. A batch whose operators failed for good is not in the window; one of which only an output
    /// failed is. The semantics are Spark Streaming's.
    /// </remarks>
    /// <example><code>lines.Window(length: TimeSpan.FromSeconds(30), slide: TimeSpan.FromSeconds(10)).Count().Print();</code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="length">How far the window reaches back: a positive multiple of the stream's slide.</param>
    /// <param name="slide">Time between two windows: a positive multiple of the stream's slide, may be longer than the
    /// window; default the stream's slide.</param>
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

/// <summary>Keeps the batches that a later window still needs, and hands them on, as they lie, whenever a window is due.</summary>
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
                Give(pane, batch);
            }
        }

        Give(last, batch);
    }

    private void Give(WindowPane<T> pane, BatchContext batch)
    {
        pane.HoldFor(batch);
        pane.Records.PassTo(Output);
    }
}
