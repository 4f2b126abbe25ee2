namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// The stream of a function's results for the batches of two streams, also for empty ones. Both batches are first
    /// gathered in one partition, in the order of their partitions, and the result is in one partition.
    /// </summary>
    /// <example><code>var unseen = visits.TransformWith(blocked, (left, right, time) => left.Except(right));</code></example>
    /// <param name="stream">The left stream.</param>
    /// <param name="other">The right stream: same context, same slide.</param>
    /// <param name="transform">Called once for each batch, with both batches, valid until the result has been
    /// enumerated, and their time. If it throws or returns null, the batch fails.</param>
    /// <exception cref="ArgumentException">The streams differ in context or slide.</exception>
    public static DStream<TResult> TransformWith<TLeft, TRight, TResult>(
        this DStream<TLeft> stream, DStream<TRight> other, Func<Batch<TLeft>, Batch<TRight>, BatchTime, IEnumerable<TResult>> transform)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(other);
        ArgumentNullException.ThrowIfNull(transform);
        return new TransformWithStream<TLeft, TRight, TResult>(stream.Gather(), other.Gather(), transform);
    }
}

internal sealed class TransformWithStream<TLeft, TRight, TResult>(
    DStream<TLeft> left, DStream<TRight> right, Func<Batch<TLeft>, Batch<TRight>, BatchTime, IEnumerable<TResult>> transform)
    : DStream<TResult>(left.Context, "TransformWith", left, right)
{
    internal override bool MakesRecords => true;

    protected internal override void Connect(GraphBuilder graph, Operator<TResult>[] outputs)
    {
        var lefts = new GatheredBatch<TLeft>();
        var rights = new GatheredBatch<TRight>();
        var both = new TransformOperator<TRight, TResult>(
            rights, [lefts, rights], time => transform(lefts.Records, rights.Records, time), OperatorName, outputs[0]);
        OrderedInput.Attach(graph, this, left, _ => lefts, right, _ => both);
    }
}
