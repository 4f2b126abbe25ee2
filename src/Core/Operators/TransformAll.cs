namespace FastStream;

public static partial class StreamingContextOperators
{
    /// <summary>
    /// The stream of a function's results for the batches of several streams, also for empty ones. Each batch is first
    /// gathered in one partition, in the order of its partitions, and the result is in one partition. For two streams
    /// of different types, use <see cref="DStreamOperators.TransformWith"/>.
    /// </summary>
    /// <example><code>var merged = context.Transform(shards, (batches, time) => batches.SelectMany(batch =>
    /// batch).Order());</code></example>
    /// <param name="context">The streams' context.</param>
    /// <param name="streams">At least one stream; all of the same slide.</param>
    /// <param name="transform">
    /// Called once for each batch, with the streams' batches in the order of the list, valid until the result has been
    /// enumerated, and their time. If it throws or returns null, the batch fails.
    /// </param>
    /// <exception cref="ArgumentException">There is no stream, or the streams differ in context or slide.</exception>
    public static DStream<TResult> Transform<T, TResult>(
        this StreamingContext context, IReadOnlyList<DStream<T>> streams,
        Func<IReadOnlyList<Batch<T>>, BatchTime, IEnumerable<TResult>> transform)
    {
        ArgumentNullException.ThrowIfNull(context);
        Throw.IfNoStreams(streams, "Transform");
        ArgumentNullException.ThrowIfNull(transform);

        return new TransformAllStream<T, TResult>(context, [.. streams.Select(stream => stream.Gather())], transform);
    }
}

internal sealed class TransformAllStream<T, TResult>(
    StreamingContext context, DStream<T>[] parents, Func<IReadOnlyList<Batch<T>>, BatchTime, IEnumerable<TResult>> transform)
    : DStream<TResult>(context, "Transform", parents)
{
    internal override bool MakesRecords => true;

    protected internal override void Connect(GraphBuilder graph, Operator<TResult>[] outputs)
    {
        GatheredBatch<T>[] gathered = [.. parents.Select(_ => new GatheredBatch<T>())];
        var all = new TransformOperator<T, TResult>(
            gathered[^1], gathered, time => transform([.. gathered.Select(batch => batch.Records)], time), OperatorName, outputs[0]);
        if (parents.Length == 1)
        {
            graph.Attach(parents[0], this, _ => all);
            return;
        }

        var inputs = new OrderedInput<T>[parents.Length];
        inputs[^1] = new OrderedInput<T>(all, begin: null, passTurn: null);
        for (int parent = parents.Length - 2; parent >= 0; parent--)
        {
            inputs[parent] = new OrderedInput<T>(gathered[parent], parent == 0 ? all.OnBatchStart : null, inputs[parent + 1].TakeTurn);
        }

        for (int parent = 0; parent < parents.Length; parent++)
        {
            OrderedInput<T> input = inputs[parent];
            graph.Attach(parents[parent], this, _ => input);
        }
    }
}
