namespace FastStream;

/// <summary>Puts clock, generator and scheduler of a context together, and knows the order of start and stop.</summary>
internal sealed class Engine
{
    private readonly IReadOnlyList<IInputStream> _inputs;
    private readonly List<IInputStream> _started = [];         // what a stop has to stop
    private readonly ListenerBus _listeners;
    private readonly Graph _graph;
    private readonly JobScheduler _scheduler;
    private readonly JobGenerator _generator;
    private readonly StreamingOptions _options;
    private readonly CheckpointCoordinator? _checkpoints;
    private readonly IReadOnlyList<JobSet> _recovered = [];    // batches of an earlier run that run again
    private readonly CancellationTokenSource _abort = new();   // the immediate stop

    public Engine(StreamingContext context, IReadOnlyList<IInputStream> inputs, IReadOnlyList<OutputOperation> outputs, ListenerBus listeners, Action<Exception> onFailure)
    {
        _listeners = listeners;
        _inputs = LiveInputs.Of(inputs, outputs);
        foreach (IInputStream idle in inputs.Except(_inputs))
        {
            Warn($"{idle.Name} leads to no output: it is not started, and nothing of it is read or counted. Give it an output, such as Register, or leave it out.");
        }

        inputs = _inputs;
        _options = context.Options;
        var clock = new StreamingClock(_options.TimeProvider);
        _checkpoints = _options.Checkpoint is null ? null : CheckpointCoordinator.Open(_options, inputs, Warn);
        try
        {
            _graph = new GraphBuilder(SchedulerFor(_options)).Build(outputs, inputs);
            _recovered = _checkpoints?.Recover(_graph.Sections) ?? [];
            _scheduler = new JobScheduler(_graph, _options, clock, listeners, context, _checkpoints, onFailure, _abort.Token);
            _generator = new JobGenerator(inputs, _scheduler, _options, clock, listeners, _checkpoints, onFailure);
        }
        catch
        {
            _checkpoints?.Dispose();
            throw;
        }
    }

    public BatchTime ZeroTime => _generator.ZeroTime;

    public void Start()
    {
        foreach (IInputStream input in _inputs)
        {
            // Inputs start quickly by contract: what they wait for, they wait for in the background.
            input.StartAsync(_abort.Token).AsTask().GetAwaiter().GetResult();
            _started.Add(input);
        }

        _checkpoints?.Begin(ZeroTime);
        _scheduler.Start(_checkpoints?.LastSaved ?? ZeroTime, _generator.SkippedUntil);
        foreach (JobSet batch in _recovered)
        {
            _scheduler.Submit(batch);
        }

        _generator.Start();
        BatchTime zero = ZeroTime;
        _listeners.Post(listener => listener.OnStreamingStarted(zero));
    }

    public Task WhenCompletedAsync(BatchTime time) => _scheduler.WhenCompletedAsync(time);

    /// <summary>Ends waits and drops queued batches; the stop itself follows.</summary>
    /// <remarks>Functions that wait on the token go on elsewhere: what they do then, how long it takes and what it throws is nothing to whoever stops the context.</remarks>
    public void Abort() => _ = _abort.CancelAsync().ContinueWith(
        called =>
        {
            Exception error = called.Exception!.GetBaseException();
            _listeners.Post(listener => listener.OnWarning($"A callback on the token of the stop failed: {error.Message}", error));
        },
        CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    /// <summary>Stops what was started; called once, also when only a part of it was.</summary>
    public async Task StopAsync(StopMode mode)
    {
        using ITimer? limit = mode == StopMode.Graceful && _options.GracefulStopTimeout != Timeout.InfiniteTimeSpan
            ? _options.TimeProvider.CreateTimer(static engine => ((Engine)engine!).Abort(), this, _options.GracefulStopTimeout, Timeout.InfiniteTimeSpan)
            : null;

        // First the receivers: nothing new comes in. Then one last batch takes what they left. Then the queue drains. Then everything closes.
        var errors = new List<Exception>();
        foreach (IInputStream input in _started)
        {
            await CollectAsync($"Input {input.Name}", input.StopAsync, errors).ConfigureAwait(false);
        }

        bool lastBatch = mode == StopMode.Graceful && !_abort.IsCancellationRequested;
        Collect("The generator", () => _generator.Stop(lastBatch), errors);
        await CollectAsync("The scheduler", () => new ValueTask(_scheduler.StopAsync()), errors).ConfigureAwait(false);
        bool isAllPlanned = !_generator.HasCut;   // else the positions are ahead of the batches
        Collect("The generator", _generator.DropCut, errors);
        if (lastBatch && isAllPlanned && !_abort.IsCancellationRequested)
        {
            Collect("The last checkpoint", () => _checkpoints?.SaveLast(), errors);
        }

        await CollectAsync("The graph", () => new ValueTask(_graph.CloseAsync()), errors).ConfigureAwait(false);
        foreach (IInputStream input in _started)
        {
            await CollectAsync($"Input {input.Name}", input.CloseAsync, errors).ConfigureAwait(false);
        }

        _checkpoints?.Dispose();
        if (errors.Count > 0)
        {
            throw errors.Count == 1 ? errors[0] : new AggregateException(errors);
        }
    }

    // What fails does not keep the rest from stopping: nobody waits for ever.
    private static async Task CollectAsync(string what, Func<ValueTask> stop, List<Exception> errors)
    {
        try
        {
            await stop().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            errors.Add(new StreamingException($"{what} did not stop: {error.Message}", error));
        }
    }

    private static void Collect(string what, Action stop, List<Exception> errors)
    {
        try
        {
            stop();
        }
        catch (Exception error)
        {
            errors.Add(new StreamingException($"{what} did not stop: {error.Message}", error));
        }
    }

    private void Warn(string message) => _listeners.Post(listener => listener.OnWarning(message, null));

    private static TaskScheduler SchedulerFor(StreamingOptions options) => options.MaxDegreeOfParallelism == 0
        ? TaskScheduler.Default
        : new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, options.MaxDegreeOfParallelism).ConcurrentScheduler;
}
