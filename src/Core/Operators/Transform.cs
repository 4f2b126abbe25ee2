using System.Runtime.CompilerServices;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// The stream of what a function makes of every batch, also of empty ones. The batch is brought into one partition
    /// first, in the order of its partitions, and the result is in one partition: the way to sort, to rank, or to join
    /// with a table that is read anew for each batch.
    /// </summary>
    /// <example><code>
    /// var sorted = words.Transform((batch, time) => batch.Order());
    /// var known = visits.Transform((batch, time) => { var users = LoadUsers(); return batch.Where(v => users.Contains(v.User)); });
    /// </code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="transform">Called once for each batch, with the batch, valid until the result was walked through,
    /// and its time. What it throws, or a null result, fails the batch.</param>
    public static DStream<TResult> Transform<T, TResult>(this DStream<T> stream, Func<Batch<T>, BatchTime, IEnumerable<TResult>> transform)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(transform);
        return new TransformStream<T, TResult>(stream.Gather(), transform);
    }

    /// <summary>
    /// As <see cref="Transform{T, TResult}(DStream{T}, Func{Batch{T}, BatchTime, IEnumerable{TResult}})"/>, where the
    /// time does not matter.
    /// </summary>
    /// <example><code>var sorted = words.Transform(batch => batch.Order());</code></example>
    public static DStream<TResult> Transform<T, TResult>(this DStream<T> stream, Func<Batch<T>, IEnumerable<TResult>> transform)
    {
        ArgumentNullException.ThrowIfNull(transform);
        return stream.Transform((batch, _) => transform(batch));
    }
}

internal sealed class TransformStream<T, TResult>(DStream<T> parent, Func<Batch<T>, BatchTime, IEnumerable<TResult>> transform)
    : DStream<TResult>(parent.Context, "Transform", parent)
{
    internal override bool MakesRecords => true;

    protected internal override void Connect(GraphBuilder graph, Operator<TResult>[] outputs) =>
        graph.Attach(parent, this, partition => new TransformOperator<T, TResult>(transform, outputs[partition]));
}

/// <summary>Gathers the batch; the user's function runs at its end.</summary>
internal sealed class TransformOperator<T, TResult>(Func<Batch<T>, BatchTime, IEnumerable<TResult>> transform, Operator<TResult> next)
    : Operator<T, TResult>(next)
{
    private readonly Collector<T> _collector = new();

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<T> items) => _collector.OnRecords(items);

    public override void OnBatchEnd(BatchContext batch)
    {
        Batch<T> records = _collector.TakeBatch(batch);
        try
        {
            foreach (TResult result in transform(records, batch.Time) ?? throw Throw.NullSequence("Transform", batch.Time))
            {
                Output.Add(result);
            }

            base.OnBatchEnd(batch);
        }
        finally
        {
            records.Release();
        }
    }

    public override void Reset(BatchContext batch)
    {
        _collector.Forget();
        base.Reset(batch);
    }
}
