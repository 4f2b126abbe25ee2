using System.Runtime.CompilerServices;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// At every multiple of <paramref name="slide"/>, one pair for each key that has data in the batches of the last
    /// <paramref name="length"/>. Each batch is reduced once; a window then reduces the reduced batches in it, oldest
    /// first, without looking keys up.
    /// </summary>
    /// <remarks>
    /// A window that reaches sixteen slides and more back reduces neighbouring batches to one beforehand, so that its
    /// cost grows with the logarithm of its length: values stay in order and are grouped otherwise, which rounding of
    /// floating point may show. Where the function has an inverse, the other overload pays only for what comes and
    /// goes. A text that is found in an object, an open class or a delegate of a key fails the batch; values with such
    /// are kept as in
    /// <c>Window</c>.
    /// </remarks>
    /// <example><code>var busy = count.ReduceByKeyAndWindow((a, b) => a + b, length, slide);</code></example>
    /// <param name="stream">The pairs.</param>
    /// <param name="reduce">Two values of a key made one; associative. Must not change its arguments: they are used again.</param>
    /// <param name="length">How far the window reaches back: a positive multiple of the stream's slide.</param>
    /// <param name="slide">Time between two windows: a positive multiple of the stream's slide; default the stream's slide.</param>
    /// <param name="partitions">Partitions of the result, 1 to 1024; default the context's.</param>
    /// <exception cref="ArgumentException"><paramref name="length"/> or <paramref name="slide"/> is not a positive
    /// multiple of the stream's slide, or keys hold texts in classes or arrays.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="partitions"/> is out of its range.</exception>
    public static DStream<(TKey Key, TValue Value)> ReduceByKeyAndWindow<TKey, TValue>(
        this DStream<(TKey Key, TValue Value)> stream, Func<TValue, TValue, TValue> reduce, TimeSpan length,
        TimeSpan? slide = null, int? partitions = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var size = WindowSize.Of(stream, length, slide);
        StateChecks.ThrowIfEndsWithBatch<TKey>("A key");
        return new ReduceByKeyAndWindowStream<TKey, TValue>(stream.ReduceByKey(reduce, partitions), size, reduce,
            inverse: null, filter: null);
    }

    /// <summary>
    /// As the other overload, but incremental: what leaves the window is taken out of a key's value by
    /// <paramref name="inverse"/>, then what enters is added. The cost is that of the batches that leave and enter, and
    /// of putting out the keys, however long the window is.
    /// </summary>
    /// <remarks>
    /// A key whose data have all left is absent (Spark keeps it for ever with a neutral value), and its next value begins anew.
    /// A batch between two windows (slide longer than the window) counts nowhere. A text that is found in an object, an open class or a
    /// delegate of a key or value fails the batch.
    /// Values that may round (<see cref="double"/>, <see cref="float"/>, <see cref="Half"/>, <see cref="decimal"/>, and
    /// structs, tuples and classes that hold one) are reduced anew from the batches in the window, as by the other
    /// overload, and <paramref name="inverse"/> is not called: NaN, infinity and the digits that a large value took
    /// along would stay in the sum after their value has left. Whole numbers pay only for what comes and goes.
    /// </remarks>
    /// <example><code>var busy = count.ReduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, length, slide);</code></example>
    /// <param name="stream">The pairs.</param>
    /// <param name="reduce">Two values of a key made one; associative and commutative. Must not change its arguments.</param>
    /// <param name="inverse">A value with one taken out that <paramref name="reduce"/> put in: inverse(reduce(a, b), b) is a.</param>
    /// <param name="length">How far the window reaches back: a positive multiple of the stream's slide.</param>
    /// <param name="slide">Time between two windows: a positive multiple of the stream's slide; default the stream's slide.</param>
    /// <param name="partitions">Partitions of the result, 1 to 1024; default the context's.</param>
    /// <param name="filter">Which pairs are put out; default all. The others stay in the window (Spark forgets them).</param>
    /// <exception cref="ArgumentException"><paramref name="length"/> or <paramref name="slide"/> is not a positive
    /// multiple of the stream's slide, or keys hold texts in classes or arrays.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="partitions"/> is out of its range.</exception>
    public static DStream<(TKey Key, TValue Value)> ReduceByKeyAndWindow<TKey, TValue>(
        this DStream<(TKey Key, TValue Value)> stream,
        Func<TValue, TValue, TValue> reduce,
        Func<TValue, TValue, TValue> inverse,
        TimeSpan length,
        TimeSpan? slide = null,
        int? partitions = null,
        Func<(TKey Key, TValue Value), bool>? filter = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(inverse);
        var size = WindowSize.Of(stream, length, slide);
        StateChecks.ThrowIfEndsWithBatch<TKey>("A key");
        return new ReduceByKeyAndWindowStream<TKey, TValue>(stream.ReduceByKey(reduce, partitions), size, reduce, inverse, filter);
    }
}

internal sealed class ReduceByKeyAndWindowStream<TKey, TValue>(
    DStream<(TKey Key, TValue Value)> parent,
    WindowSize size,
    Func<TValue, TValue, TValue> reduce,
    Func<TValue, TValue, TValue>? inverse,
    Func<(TKey Key, TValue Value), bool>? filter)
    : DStream<(TKey Key, TValue Value)>(parent.Context, "ReduceByKeyAndWindow", parent)
{
    public override TimeSpan Slide => size.Slide;

    internal override bool IsWindow => true;

    public override IPartitioner<(TKey Key, TValue Value)>? Partitioner => HashPartitioner<TKey, TValue>.Where(parent.IsPartitionedByKey);

    public override bool HasUniqueKeys => true;

    protected internal override void Connect(GraphBuilder graph, Operator<(TKey Key, TValue Value)>[] outputs)
    {
        KeyedWindowOperator<TKey, TValue>[] operators =
            [.. outputs.Select(
                output => graph.Own((KeyedWindowOperator<TKey, TValue>)LoopSpecializer.Of(reduce)
                    .Create(new Factory(size, reduce, IsIncremental ? inverse : null, filter, output))))];
        graph.AddSection(this, serializers => new KeyedWindowSnapshot<TKey, TValue>(this, operators, serializers, graph.Salt));
        foreach (KeyedWindowOperator<TKey, TValue> created in operators)
        {
            graph.Due.Add(created.NextDue);
        }

        graph.Attach(parent, this, partition => operators[partition]);
    }

    // What an incremental window holds of a value lives longer than the batches that it came with: values with memory
    // of a batch are reduced anew. Values that round are reduced anew as well: the inverse does not take out what it
    // put in. So are windows without a common batch: nothing would be saved, and the batches between them would be kept
    // until the next one.
    private bool IsIncremental => inverse is not null && size.Length > size.Slide
        && !RoundingValues<TValue>.Any && !RecordTexts<TValue>.Any && RecordTexts<TValue>.Unreachable is null;

    private sealed class Factory(
        WindowSize size,
        Func<TValue, TValue, TValue> reduce,
        Func<TValue, TValue, TValue>? inverse,
        Func<(TKey Key, TValue Value), bool>? filter,
        Operator<(TKey Key, TValue Value)> next) : ISpecializedFactory<(TKey Key, TValue Value)>
    {
        public Operator<(TKey Key, TValue Value)> Create<TMarker>()
            where TMarker : struct => inverse is null
            ? new RecomputedWindowOperator<TKey, TValue, TMarker>(size, reduce, filter, next)
            : new InvertibleWindowOperator<TKey, TValue, TMarker>(size, reduce, inverse, filter, next);
    }
}
