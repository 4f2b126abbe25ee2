namespace FastStream;

/// <summary>
/// Connects the clock, the generator and the scheduler of a context, and orders the steps of start and stop.
/// </summary>
internal sealed class Engine
{
    private readonly StreamingContext _context;
    private readonly IReadOnlyList<IInputStream> _inputs;
    private readonly List<IInputStream> _started = [];         // the inputs that a stop must stop
    private readonly ListenerBus _listeners;
    private readonly Graph _graph;
    private readonly JobScheduler _scheduler;
    private readonly JobGenerator _generator;
    private readonly StreamingOptions _options;
    private readonly CheckpointCoordinator? _checkpoints;
    private readonly StateStores? _stores;                     // null if all states are in memory
    private readonly IReadOnlyList<JobSet> _recovered = [];    // batches of an earlier run that run again
    private readonly CancellationTokenSource _abort = new();   // the immediate stop
    private readonly OwnWork _own;                             // marks the code of inputs, except their batches
    private readonly WorkInHand _work = new();
    private readonly EffectGate _gate = new();                 // closed at the end, or when work that does not return is left behind
    private readonly BatchWatchdog _watchdog;
    private readonly TaskCompletionSource _startEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    // completes when an immediate stop has used up its time
    private readonly TaskCompletionSource _isTooLate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ITimer? _limit;                                    // timer of the immediate stop
    private int _isAborted;                                    // 1 since the first call of Abort

    public Engine(StreamingContext context, IReadOnlyList<IInputStream> inputs, IReadOnlyList<OutputOperation> outputs,
        ListenerBus listeners, Action<Exception> onFailure)
    {
        _context = context;
        _listeners = listeners;
        _inputs = LiveInputs.Of(inputs, outputs);
        foreach (IInputStream idle in inputs.Except(_inputs))
        {
            Warn($"{idle.Name} leads to no output: it is not started, and nothing of it is read or counted. Give it "
                + "an output, such as Register, or leave it out.");
        }

        inputs = _inputs;
        _options = context.Options;
        _own = new OwnWork(context);
        _watchdog = new BatchWatchdog(_options.SlowBatchLimit, _options.TimeProvider, WarnOfSlow);
        var clock = new StreamingClock(_options.TimeProvider);
        _checkpoints = _options.Checkpoint is null ? null : CheckpointCoordinator.Open(_options, inputs, Warn);
        try
        {
            _stores = _options.State.Store is null ? null : new StateStores(_options);
            _graph = new GraphBuilder(SchedulerFor(_options), _checkpoints?.Salt ?? KeySalt.Of(_options), _stores).Build(outputs, inputs);
            var sinks = new SinkPositions(outputs);
            double nowMs = _options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();
            _recovered = [.. (_checkpoints?.Recover(_graph.Sections, _stores, sinks) ?? [])
                .Select(batch => JobSet.Of(batch, inputs, nowMs))];
            sinks.Bind(time => _checkpoints?.IsCommitted(time) ?? false);
            _scheduler =
                new JobScheduler(_graph, _options, clock, listeners, context, _checkpoints, onFailure, _work, _gate,
                    _watchdog, _abort.Token);
            _generator = new JobGenerator(
                inputs, _scheduler, _options, clock, listeners, _checkpoints, onFailure, context.OnInputsEnded, _work,
                _gate, _watchdog, _own);
        }
        catch
        {
            CloseStores();
            throw;
        }
    }

    public BatchTime ZeroTime => _generator.ZeroTime;

    /// <summary>
    /// Opens outputs and inputs, then starts batches; returns early if the context is stopped immediately meanwhile. A
    /// stop waits for this method to end.
    /// </summary>
    public async Task StartAsync()
    {
        try
        {
            if (!await TryOpenAsync().ConfigureAwait(false))
            {
                return;
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
        finally
        {
            _startEnded.TrySetResult();
        }
    }

    /// <summary>The states that can be queried.</summary>
    public IReadOnlyList<IKeptStates> States => _graph.States;

    /// <summary>Reads states between two batches, on a thread of the pool.</summary>
    public async Task<TResult> BetweenBatchesAsync<TResult>(Func<BatchTime, TResult> look, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _abort.Token);
        try
        {
            return await Task.Run(() => _scheduler.BetweenBatchesAsync(Look, either.Token), either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_abort.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw Throw.NotWhile(StreamingContextState.Stopped, "Reading states");
        }

        // A stop waits for this function, which therefore must not wait for a stop.
        TResult Look(BatchTime time)
        {
            using WorkInHand.InHand inHand = _work.Begin("a reader of states", time);
            var own = new OwnWork(_context);
            OwnWork? before = own.Enter();
            try
            {
                return look(time);
            }
            finally
            {
                own.IsOver = true;
                OwnWork.Leave(before);
            }
        }
    }

    public Task WhenCompletedAsync(BatchTime time) => _scheduler.WhenCompletedAsync(time);

    /// <summary>Whether the caller's thread is in an operator or in an input's batch.</summary>
    public bool IsInOperator => _graph.IsAtWork(Environment.CurrentManagedThreadId);

    /// <summary>Ends waits and drops queued batches; the stop itself follows.</summary>
    /// <remarks>
    /// Functions that wait on the token continue on other threads: what they do then, how long it takes and what they
    /// throw does not affect the caller that stops the context.
    /// </remarks>
    public void Abort()
    {
        if (Interlocked.Exchange(ref _isAborted, 1) != 0)
        {
            return;
        }

        if (_options.ImmediateStopTimeout != Timeout.InfiniteTimeSpan)
        {
            _limit = _options.TimeProvider.CreateTimer(
                static late => ((TaskCompletionSource)late!).TrySetResult(), _isTooLate, _options.ImmediateStopTimeout,
                Timeout.InfiniteTimeSpan);
        }

        _aborted.TrySetResult();
        _ = _abort.CancelAsync().ContinueWith(
            called =>
            {
                Exception error = called.Exception!.GetBaseException();
                _listeners.Post(listener => listener.OnWarning($"A callback on the token of the stop failed: {error.Message}", error));
            },
            CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    /// <summary>Stops everything that was started; called once, also after a partial start.</summary>
    /// <exception cref="AggregateException">
    /// A <see cref="StreamingException"/> for each part that did not stop, or failed while stopping.
    /// </exception>
    public async Task StopAsync(StopMode mode)
    {
        using ITimer? limit = mode == StopMode.Graceful && _options.GracefulStopTimeout != Timeout.InfiniteTimeSpan
            ? _options.TimeProvider
                .CreateTimer(static engine => ((Engine)engine!).Abort(), this, _options.GracefulStopTimeout, Timeout.InfiniteTimeSpan)
            : null;

        // On a thread of its own, because the called code may block it for ever.
        var errors = new StopErrors();
        Task stopping = Task.Run(() => StopAllAsync(mode, errors));
        Task tooLate = _isTooLate.Task;
        while (await Task.WhenAny(stopping, tooLate).ConfigureAwait(false) != stopping && !TryLeaveBehind(errors))
        {
            tooLate = Task.Delay(_options.ImmediateStopTimeout, _options.TimeProvider);   // begins anew with each step
        }

        if (stopping.IsCompleted)
        {
            await stopping.ConfigureAwait(false);
        }

        _limit?.Dispose();
        _watchdog.Dispose();
        errors.ThrowIfAny();
    }

    // One after another, outputs first: an input may give its first records before the next input has started.
    private async Task<bool> TryOpenAsync()
    {
        try
        {
            foreach (OutputOperation output in _graph.Outputs)
            {
                using WorkInHand.InHand inHand = _work.Begin(output.Name, null);
                await output.OpenAsync(_abort.Token).ConfigureAwait(false);
            }

            _own.Enter();
            foreach (IInputStream input in _inputs)
            {
                if (_abort.IsCancellationRequested)
                {
                    return false;
                }

                // Inputs start quickly by contract: they wait in the background.
                using WorkInHand.InHand inHand = _work.Begin(input.Name, null);
                await input.StartAsync(_abort.Token).ConfigureAwait(false);
                _started.Add(input);
            }
        }
        catch (OperationCanceledException) when (_abort.IsCancellationRequested)
        {
            return false;   // the caller that stops the context knows why
        }

        return !_abort.IsCancellationRequested;
    }

    // First the receivers stop: nothing new arrives. Then one last batch takes what they hold, the queue drains, and
    // everything closes. An immediate stop drops received data, and therefore does not wait for the receivers first.
    private async Task StopAllAsync(StopMode mode, StopErrors errors)
    {
        await _startEnded.Task.ConfigureAwait(false);
        Task inputsStopped =
            Task.WhenAll(
                _started.Select(input => Task.Run(() => CollectAsync($"Input {input.Name}", input.Name, input.StopAsync, errors))));
        if (mode == StopMode.Graceful)
        {
            await Task.WhenAny(inputsStopped, _aborted.Task).ConfigureAwait(false);
        }

        bool lastBatch = mode == StopMode.Graceful && !_abort.IsCancellationRequested;
        Collect("The generator", () => _generator.Stop(lastBatch), errors);
        await CollectAsync("The scheduler", null, () => new ValueTask(_scheduler.StopAsync()), errors).ConfigureAwait(false);
        bool isAllPlanned = !_generator.HasCut;   // otherwise the positions are ahead of the batches
        Collect("The generator", _generator.DropCut, errors);
        if (lastBatch && isAllPlanned && !_abort.IsCancellationRequested && _gate.TryEnter())
        {
            Collect("The last checkpoint", () => _checkpoints?.SaveLast(), errors);
            _gate.Exit();
        }

        await CollectAsync("The graph", "the graph", () => new ValueTask(_graph.CloseAsync()), errors).ConfigureAwait(false);
        await inputsStopped.ConfigureAwait(false);
        foreach (IInputStream input in _started)
        {
            await CollectAsync($"Input {input.Name}", input.Name, input.CloseAsync, errors).ConfigureAwait(false);
        }

        _own.IsOver = true;
        _gate.Close(CloseStores);
    }

    private void CloseStores()
    {
        _checkpoints?.Dispose();
        _stores?.Dispose();
    }

    // Threads cannot be killed: work that blocks one keeps what it holds, and the stop continues after it if it ever
    // returns. Until then, no memory that it may use returns to a pool; from now on, the work has no effect. The
    // checkpoint directory is free for the next context, unless a write to it is in progress.
    private bool TryLeaveBehind(StopErrors errors)
    {
        IReadOnlyList<StreamingException> failures = [.. _work.Now.SelectMany(NotReturned)];
        if (failures.Count == 0)
        {
            return false;
        }

        foreach (StreamingException failure in failures)
        {
            errors.Add(failure);
        }

        _scheduler.LeaveBehind(time => failures.FirstOrDefault(failure => failure.BatchTime == time) ?? failures[0], failures[0]);
        _gate.Close(() =>
        {
            _checkpoints?.Dispose();
            _stores?.LeaveBehind();
        });
        return true;
    }

    private IEnumerable<StreamingException> NotReturned(WorkInHand.Item item)
    {
        string sentence =
            $"has not returned {_options.ImmediateStopTimeout} after the context was told to stop. The context has "
            + "stopped without it. Let it end when its token is cancelled, or give it more time by ImmediateStopTimeout.";
        foreach (string name in NamesOf(item))
        {
            yield return item.Time is { } time
                ? new StreamingException(time, name, new TimeoutException($"It {sentence}"))
                : new StreamingException($"Input {name} {sentence}", new TimeoutException($"{name} {sentence}")) { OperatorName = name };
        }
    }

    private IReadOnlyList<string> NamesOf(WorkInHand.Item item) =>
        item.Name == WorkInHand.Operators && _graph.AtWork() is { Count: > 0 } operators ? operators : [item.Name];

    private void WarnOfSlow(BatchTime time, TimeSpan taken)
    {
        string[] names = [.. _work.Now.Where(item => item.Time == time).SelectMany(NamesOf).Distinct()];
        string what = names.Length == 0 ? "nothing of it runs" : $"{string.Join(" and ", names)} has not returned";
        Warn($"Batch {time} has taken {taken} and is not done: {what}. It goes on; SlowBatchWarning sets when this is said.");
    }

    // A failure does not keep the rest from stopping, and no wait is endless.
    private async Task CollectAsync(string what, string? input, Func<ValueTask> stop, StopErrors errors)
    {
        using WorkInHand.InHand? inHand = input is null ? null : _work.Begin(input, null);
        try
        {
            await stop().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            errors.Add(new StreamingException($"{what} did not stop: {error.Message}", error));
        }
    }

    private static void Collect(string what, Action stop, StopErrors errors)
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

    /// <summary>The errors of a stop; safe from any thread.</summary>
    private sealed class StopErrors
    {
        private readonly Lock _lock = new();               // guards _errors
        private readonly List<Exception> _errors = [];

        public void Add(Exception error)
        {
            lock (_lock)
            {
                _errors.Add(error);
            }
        }

        public void ThrowIfAny()
        {
            lock (_lock)
            {
                if (_errors.Count > 0)
                {
                    throw new AggregateException(_errors);
                }
            }
        }
    }
}
