using System.Runtime.CompilerServices;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// The stream of what a function makes of the batches of two streams, also of empty ones. Both are brought into one
    /// partition first, in the order of their partitions, and the result is in one partition.
    /// </summary>
    /// <example><code>var unseen = visits.TransformWith(blocked, (left, right, time) => left.Except(right));</code></example>
    /// <param name="stream">The left stream.</param>
    /// <param name="other">The right stream: same context, same slide.</param>
    /// <param name="transform">Called once for each batch, with both batches, valid until the result was walked
    /// through, and their time. What it throws, or a null result, fails the batch.</param>
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
        var lefts = new Collector<TLeft>();
        var both = new TransformWithOperator<TLeft, TRight, TResult>(lefts, transform, outputs[0]);
        var rights = new OrderedInput<TRight>(both, begin: null, passTurn: null);
        graph.Attach(left, this, _ => new OrderedInput<TLeft>(lefts, both.OnBatchStart, rights.TakeTurn));
        graph.Attach(right, this, _ => rights);
    }
}

/// <summary>Gathers the right batch; the left one has been gathered before. The user's function runs at the end.</summary>
internal sealed class TransformWithOperator<TLeft, TRight, TResult>(
    Collector<TLeft> lefts, Func<Batch<TLeft>, Batch<TRight>, BatchTime, IEnumerable<TResult>> transform, Operator<TResult> next)
    : Operator<TRight, TResult>(next)
{
    private readonly Collector<TRight> _rights = new();

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<TRight> items) => _rights.OnRecords(items);

    public override void OnBatchEnd(BatchContext batch)
    {
        Batch<TLeft> left = lefts.TakeBatch(batch);
        Batch<TRight> right = _rights.TakeBatch(batch);
        try
        {
            foreach (TResult result in transform(left, right, batch.Time) ?? throw Throw.NullSequence("TransformWith", batch.Time))
            {
                Output.Add(result);
            }

            base.OnBatchEnd(batch);
        }
        finally
        {
            left.Release();
            right.Release();
        }
    }

    public override void Reset(BatchContext batch)
    {
        lefts.Forget();
        _rights.Forget();
        base.Reset(batch);
    }
}
