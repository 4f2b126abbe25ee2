namespace FastStream.Bench.Micro;

/// <summary>Makes chains to measure: described as users do, joined by the graph builder, called directly.</summary>
internal static class Chain
{
    /// <summary>A context with one partition that is never started.</summary>
    public static StreamingContext NewContext() => new(new StreamingOptions { Partitions = 1 });

    /// <summary>The chain of one input.</summary>
    /// <param name="describe">The operators under measurement.</param>
    /// <param name="sink">Takes what comes out.</param>
    public static ChainInput<TIn> Of<TIn, TOut>(Func<DStream<TIn>, DStream<TOut>> describe, Operator<TOut> sink)
    {
        var input = new ChainInput<TIn>(NewContext());
        Join(describe(input), sink);
        return input;
    }

    /// <summary>Joins what leads to a stream into a chain that ends in the sink.</summary>
    public static void Join<T>(DStream<T> stream, Operator<T> sink) =>
        new GraphBuilder(TaskScheduler.Default, KeySalt.Of(new StreamingOptions())).Build([Output(stream, sink)], []);

    /// <summary>The end of a chain that is joined later.</summary>
    public static OutputOperation Output<T>(DStream<T> stream, Operator<T> sink) => new ChainOutput<T>(stream, sink);

    private sealed class ChainOutput<T>(DStream<T> stream, Operator<T> sink) : OutputOperation(stream, "ChainOutput")
    {
        internal override void Connect(GraphBuilder graph) => graph.Attach(stream, () => Name, null, _ => sink);

        internal override OutputJob TakeJob(BatchContext batch) =>
            throw new NotSupportedException("A chain under measurement has no scheduler that would ask for jobs.");

        internal override void Reset()
        {
        }
    }
}
