namespace FastStream.Bench.Micro;

/// <summary>A chain that keeps something over batches: each batch has a time of its own, and is final when it has run.</summary>
/// <typeparam name="T">The record taken in.</typeparam>
internal sealed class KeepingChain<T> : IDisposable
{
    /// <summary>Time between two batches.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly StreamingContext _context;   // started on a clock that stands still: windows ask it for the zero time
    private readonly ChainInput<T> _input;
    private readonly Graph _graph;
    private BatchTime _time;

    private KeepingChain(StreamingContext context, ChainInput<T> input, Graph graph)
    {
        _context = context;
        _input = input;
        _graph = graph;
        _time = context.ZeroTime;
    }

    /// <summary>The chain of one input.</summary>
    /// <param name="describe">The operators under measurement.</param>
    /// <param name="sink">Takes what comes out.</param>
    public static KeepingChain<T> Of<TOut>(Func<DStream<T>, DStream<TOut>> describe, Operator<TOut> sink)
    {
        var context =
            new StreamingContext(new StreamingOptions
                { BatchInterval = Interval, Partitions = 1, TimeProvider = new ManualTimeProvider() });
        var input = new ChainInput<T>(context);
        OutputOperation output = Chain.Output(describe(input), sink);

        // Joined after the start, which joins for itself what nothing ever comes to.
        context.Start();
        Graph graph = new GraphBuilder(TaskScheduler.Default, KeySalt.Of(new StreamingOptions())).Build([output], []);
        return new KeepingChain<T>(context, input, graph);
    }

    /// <summary>Runs one batch, with a scope of its own that is let go at the end.</summary>
    public void RunBatch(ReadOnlySpan<T> records)
    {
        _time += Interval;
        var scope = new BatchContext(_time, []);
        _input.StartBatch(scope);
        _input.Feed(records);
        _input.EndBatch(scope);
        scope.Release();
    }

    public void Dispose()
    {
        _graph.CloseAsync().GetAwaiter().GetResult();
        _context.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}
