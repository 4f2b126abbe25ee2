namespace FastStream;

/// <summary>Puts clock, generator and scheduler of a context together, and knows the order of start and stop.</summary>
internal sealed class Engine
{
    private readonly IReadOnlyList<IInputStream> _inputs;
    private readonly ListenerBus _listeners;
    private readonly Graph _graph;
    private readonly JobScheduler _scheduler;
    private readonly JobGenerator _generator;
    private readonly StreamingOptions _options;
    private readonly CancellationTokenSource _abort = new();   // the immediate stop

    public Engine(StreamingContext context, IReadOnlyList<IInputStream> inputs, IReadOnlyList<OutputOperation> outputs, ListenerBus listeners, Action<Exception> onFailure)
    {
        _inputs = inputs;
        _listeners = listeners;
        _options = context.Options;
        var clock = new StreamingClock(_options.TimeProvider);
        _graph = new GraphBuilder(SchedulerFor(_options)).Build(outputs, inputs);
        _scheduler = new JobScheduler(_graph, _options, clock, listeners, context, onFailure, _abort.Token);
        _generator = new JobGenerator(inputs, _scheduler, _options, clock, listeners, onFailure);
    }

    public BatchTime ZeroTime => _generator.ZeroTime;

    public void Start()
    {
        int started = 0;
        try
        {
            foreach (IInputStream input in _inputs)
            {
                // Inputs start quickly by contract: what they wait for, they wait for in the background.
                input.StartAsync(_abort.Token).AsTask().GetAwaiter().GetResult();
                started++;
            }
        }
        catch
        {
            // Such as a port that is taken: the inputs before it must not go on receiving for nobody.
            _abort.Cancel();
            StopInputsAsync(_inputs.Take(started)).GetAwaiter().GetResult();
            throw;
        }

        _scheduler.Start();
        _generator.Start();
        BatchTime zero = ZeroTime;
        _listeners.Post(listener => listener.OnStreamingStarted(zero));
    }

    public Task WhenCompletedAsync(BatchTime time) => _scheduler.WhenCompletedAsync(time);

    /// <summary>Ends waits and drops queued batches; the stop itself follows.</summary>
    public void Abort() => _abort.Cancel();

    public async Task StopAsync(StopMode mode)
    {
        if (mode == StopMode.Graceful && _options.GracefulStopTimeout != Timeout.InfiniteTimeSpan)
        {
            _abort.CancelAfter(_options.GracefulStopTimeout);
        }

        // First the receivers: nothing new comes in. Then one last batch takes what they left. Then the queue drains. Then everything closes.
        var errors = new List<Exception>();
        foreach (IInputStream input in _inputs)
        {
            await CollectAsync(input.StopAsync, input, errors).ConfigureAwait(false);
        }

        try
        {
            _generator.Stop(lastBatch: mode == StopMode.Graceful && !_abort.IsCancellationRequested);
        }
        catch (Exception error)
        {
            // The rest closes all the same, so that nobody waits for ever.
            errors.Add(error);
        }

        await _scheduler.StopAsync().ConfigureAwait(false);
        _generator.DropCut();
        await _graph.CloseAsync().ConfigureAwait(false);
        foreach (IInputStream input in _inputs)
        {
            await CollectAsync(input.CloseAsync, input, errors).ConfigureAwait(false);
        }

        if (errors.Count > 0)
        {
            throw errors.Count == 1 ? errors[0] : new AggregateException(errors);
        }
    }

    private static async Task StopInputsAsync(IEnumerable<IInputStream> inputs)
    {
        var errors = new List<Exception>();   // the start's own error is the one to tell of
        foreach (IInputStream input in inputs)
        {
            await CollectAsync(input.StopAsync, input, errors).ConfigureAwait(false);
            await CollectAsync(input.CloseAsync, input, errors).ConfigureAwait(false);
        }
    }

    // The other inputs still stop.
    private static async Task CollectAsync(Func<ValueTask> stop, IInputStream input, List<Exception> errors)
    {
        try
        {
            await stop().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            errors.Add(new StreamingException($"Input {input.Name} did not stop: {error.Message}", error));
        }
    }

    private static TaskScheduler SchedulerFor(StreamingOptions options) => options.MaxDegreeOfParallelism == 0
        ? TaskScheduler.Default
        : new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, options.MaxDegreeOfParallelism).ConcurrentScheduler;
}
