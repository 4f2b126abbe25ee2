namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// The records of all streams. Partition i holds the records of partition i of each stream, first this stream's,
    /// then the others' in the given order; the result has as many partitions as the stream with the most. So with
    /// several partitions, this stream's records do not all come before the others', as they do in Spark; with one
    /// partition they do. docs/decisions/0012-union.md has the reasons.
    /// </summary>
    /// <example><code>var all = web.Union(mobile, partners);</code></example>
    /// <param name="stream">The first stream.</param>
    /// <param name="others">The other streams.</param>
    /// <exception cref="ArgumentException">The streams differ in context or slide.</exception>
    public static DStream<T> Union<T>(this DStream<T> stream, params IReadOnlyList<DStream<T>> others)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(others);
        return stream.Context.Union([stream, .. others]);
    }

    /// <summary>
    /// The records of all streams of a list, in the order of the list, as in
    /// <see cref="Union{T}(DStream{T}, IReadOnlyList{DStream{T}})"/>.
    /// </summary>
    /// <example><code>var all = context.Union(ports.Select(port => context.SocketTextStream(host, port)).ToList());</code></example>
    /// <param name="context">The streams' context.</param>
    /// <param name="streams">At least one stream.</param>
    /// <exception cref="ArgumentException">There is no stream, or the streams differ in context or slide.</exception>
    public static DStream<T> Union<T>(this StreamingContext context, IReadOnlyList<DStream<T>> streams)
    {
        ArgumentNullException.ThrowIfNull(context);
        Throw.IfNoStreams(streams, "Union");

        return new UnionStream<T>(context, [.. streams]);
    }

    /// <summary>LINQ's name for <see cref="Union{T}(DStream{T}, IReadOnlyList{DStream{T}})"/> of two streams.</summary>
    public static DStream<T> Concat<T>(this DStream<T> first, DStream<T> second) => first.Union(second);
}

internal sealed class UnionStream<T>(StreamingContext context, DStream<T>[] parents) : DStream<T>(context, "Union", parents)
{
    public override bool IsPartitionedByKey =>
        parents.All(parent => parent.IsPartitionedByKey && parent.PartitionCount == parents[0].PartitionCount);

    public override IPartitioner<T>? Partitioner => IsPartitionedByKey ? parents[0].Partitioner : null;

    protected internal override void Connect(GraphBuilder graph, Operator<T>[] outputs)
    {
        var inputs = new OrderedInput<T>[parents.Length, outputs.Length];
        for (int partition = 0; partition < outputs.Length; partition++)
        {
            // From the last parent to the first: each knows the one that follows.
            OrderedInput<T>? following = null;
            for (int parent = parents.Length - 1; parent >= 0; parent--)
            {
                if (partition < parents[parent].PartitionCount)
                {
                    bool isFirst = parents.Take(parent).All(earlier => earlier.PartitionCount <= partition);
                    following = inputs[parent, partition] =
                        new OrderedInput<T>(outputs[partition], isFirst
                            ? outputs[partition].OnBatchStart : null, following is null ? null : following.TakeTurn);
                }
            }
        }

        for (int parent = 0; parent < parents.Length; parent++)
        {
            int index = parent;
            graph.Attach(parents[parent], this, partition => inputs[index, partition]);
        }
    }
}
