using System.Runtime.CompilerServices;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// At every multiple of <paramref name="slide"/>, one pair for each key that has data in the batches of the last
    /// <paramref name="length"/>. Each batch is reduced once; a window then reduces the reduced batches in it, oldest
    /// first, without another lookup of keys.
    /// </summary>
    /// <remarks>
    /// A window of sixteen slides or more reduces neighbouring batches to one beforehand, so that its cost grows with
    /// the logarithm of its length: values stay in order but are grouped differently, which the rounding of floating
    /// point may show. If the function has an inverse, the other overload costs only as much as the batches that enter
    /// and leave. A text found in an object, an open class or a delegate of a key fails the batch; values with such a
    /// text are kept as in <c>Window</c>.
    /// </remarks>
    /// <example><code>var busy = count.ReduceByKeyAndWindow((a, b) => a + b, length, slide);</code></example>
    /// <param name="stream">The pairs.</param>
    /// <param name="reduce">Makes one value of two of a key; associative. Must not change its arguments: they are used
    /// again.</param>
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
    /// As the other overload, but incremental: <paramref name="inverse"/> takes the values that leave the window out of
    /// the values of their keys, then <paramref name="reduce"/> adds those that enter. The cost is that of the batches
    /// that leave and enter, and of emitting the keys, however long the window is.
    /// </summary>
    /// <remarks>
    /// A key is absent once all its data have left (Spark keeps it for ever with a neutral value), and its next value
    /// starts afresh. A batch between two windows (slide longer than the window) counts in none. A text found in an
    /// object, an open class or a delegate of a key or value fails the batch.
    /// Values that may round (<see cref="double"/>, <see cref="float"/>, <see cref="Half"/>, <see cref="decimal"/>, and
    /// structs, tuples and classes that hold one) are reduced again from the batches in the window, as by the other
    /// overload, and <paramref name="inverse"/> is not called: NaN, infinity and the rounding error of a large value
    /// would stay in the sum after the value has left. Whole numbers cost only as much as the batches that enter and
    /// leave.
    /// </remarks>
    /// <example><code>var busy = count.ReduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, length, slide);</code></example>
    /// <param name="stream">The pairs.</param>
    /// <param name="reduce">Makes one value of two of a key; associative and commutative. Must not change its
    /// arguments.</param>
    /// <param name="inverse">Takes a value out again that <paramref name="reduce"/> put in: inverse(reduce(a, b), b) is
    /// a.</param>
    /// <param name="length">How far the window reaches back: a positive multiple of the stream's slide.</param>
    /// <param name="slide">Time between two windows: a positive multiple of the stream's slide; default the stream's slide.</param>
    /// <param name="partitions">Partitions of the result, 1 to 1024; default the context's.</param>
    /// <param name="filter">Selects the pairs to emit; default all. The others stay in the window (Spark drops them).</param>
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

    // An incremental window keeps parts of a value longer than the batches that it came with, so values that hold
    // memory of a batch are reduced again for each window. So are values that round, because the inverse does not take
    // out exactly what was put in; and windows that share no batch, because an inverse would save nothing, and the
    // batches between them would be kept until the next one.
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
