namespace FastStream;

/// <summary>Starts and stops a context once; holds its state, its engine and its completion.</summary>
/// <remarks>Safe from any thread.</remarks>
internal sealed class ContextLifecycle(StreamingContext context, ListenerBus listeners, Func<Engine> build, Action onStarted)
{
    // guards changes of state and the fields below; never held while user code runs
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    // completes when the engine is built, or never will be
    private readonly TaskCompletionSource _built = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile StreamingContextState _state;             // read without the lock: an input may read it while it starts
    private Engine? _engine;                                   // set while active, and after
    private Task? _starting;                                   // the one start, in progress or done
    private Task? _engineStopping;                             // the engine's part of the one stop, in progress or done
    private Task? _stopping;                                   // the whole stop
    private bool _isAborted;                                   // whether the stop is immediate
    private IReadOnlyList<Exception> _stopErrors = [];         // errors of the stop
    private Exception? _failure;                               // why the context stops by itself

    public StreamingContextState State => _state;

    public Task Completion => _completion.Task;

    /// <summary>Why the context stops or has stopped by itself; null if it has not.</summary>
    public Exception? Failure => Volatile.Read(ref _failure);

    /// <summary>
    /// Whether the caller is part of the work that a stop waits for: the stop must not wait for its own caller.
    /// </summary>
    public bool IsInOwnWork => OwnWork.IsIn(context) || (_engine?.IsInOperator ?? false);

    /// <summary>The engine, once it is built.</summary>
    /// <exception cref="InvalidOperationException">The context was not started.</exception>
    public Engine EngineFor(string action) => _engine ?? throw Throw.NotWhile(State, action);

    /// <summary>Builds the graph and opens outputs and inputs; a second call waits for the first.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_state == StreamingContextState.Stopped)
            {
                throw Throw.NotWhile(_state, "Start");
            }

            if (_starting is not null)
            {
                return IsInOwnWork ? Task.CompletedTask : _starting.WaitAsync(cancellationToken);
            }

            if (context.Outputs.Count == 0)
            {
                throw Throw.NoOutput();
            }

            cancellationToken.ThrowIfCancellationRequested();
            _starting = started.Task;
        }

        return RunStartAsync(started, cancellationToken);
    }

    /// <summary>Stops the context; a second call waits for the first. A cancelled token makes the stop immediate.</summary>
    public Task StopAsync(StopMode mode, CancellationToken cancellationToken = default)
    {
        bool isInListener = listeners.IsDelivering;
        Task stopping;
        lock (_lock)
        {
            if (_starting is null && _stopping is null)
            {
                _state = StreamingContextState.Stopped;
                _completion.TrySetResult();
                return Task.CompletedTask;
            }

            stopping = BeginStopLocked(cancellationToken.IsCancellationRequested ? StopMode.Immediate : mode);
            if (isInListener)
            {
                stopping = _engineStopping!;
            }
        }

        if (cancellationToken.CanBeCanceled && !stopping.IsCompleted)
        {
            CancellationTokenRegistration hurry =
                cancellationToken.UnsafeRegister(static life => _ = ((ContextLifecycle)life!).StopAsync(StopMode.Immediate), this);
            _ = stopping.ContinueWith(_ => hurry.Unregister(), CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        return IsInOwnWork ? Task.CompletedTask : stopping;
    }

    /// <summary>Stops at once, and <see cref="Completion"/> faults with the error.</summary>
    public void Fail(Exception error)
    {
        SetFailure(error);
        _ = StopAsync(StopMode.Immediate);
    }

    /// <summary>Sets the error as the reason of the stop, unless there is an earlier one.</summary>
    public void SetFailure(Exception error) => Interlocked.CompareExchange(ref _failure, error, null);

    // The state is Active while outputs and inputs open: they may read it, and may already receive.
    private async Task RunStartAsync(TaskCompletionSource started, CancellationToken cancellationToken)
    {
        try
        {
            Engine engine = Build();
            using (cancellationToken.UnsafeRegister(static engine => ((Engine)engine!).Abort(), engine))
            {
                await engine.StartAsync().ConfigureAwait(false);
            }

            cancellationToken.ThrowIfCancellationRequested();
            onStarted();
            started.SetResult();
        }
        catch (Exception error)
        {
            // For example a port in use: the inputs started before must not continue to receive.
            bool isAskedFor = error is OperationCanceledException && cancellationToken.IsCancellationRequested;
            if (!isAskedFor)
            {
                SetFailure(error);
            }

            _built.TrySetResult();
            Task stopping;
            lock (_lock)
            {
                _state = StreamingContextState.Stopped;
                stopping = BeginStopLocked(StopMode.Immediate);
            }

            await stopping.ConfigureAwait(false);
            _ = Completion.Exception;   // observed here: this method throws it
            started.SetException(error);
            _ = started.Task.Exception;
            throw;
        }
    }

    private Engine Build()
    {
        Engine engine = build();
        lock (_lock)
        {
            _engine = engine;
            if (_state == StreamingContextState.Initialized)
            {
                _state = StreamingContextState.Active;
            }

            if (_isAborted)
            {
                engine.Abort();
            }
        }

        _built.SetResult();
        return engine;
    }

    private Task BeginStopLocked(StopMode mode)
    {
        if (mode == StopMode.Immediate)
        {
            _isAborted = true;
            _engine?.Abort();
        }

        if (_stopping is null)
        {
            _engineStopping = Task.Run(() => StopEngineAsync(mode));
            _stopping = Task.Run(CompleteAsync);
        }

        return _stopping;
    }

    private async Task StopEngineAsync(StopMode mode)
    {
        await _built.Task.ConfigureAwait(false);
        var own = new OwnWork(context);   // it tells inputs to stop
        own.Enter();
        try
        {
            await (_engine?.StopAsync(mode) ?? Task.CompletedTask).ConfigureAwait(false);
        }
        catch (AggregateException errors)
        {
            _stopErrors = errors.InnerExceptions;
        }
        catch (Exception error)
        {
            _stopErrors = [error];
        }

        own.IsOver = true;
        lock (_lock)
        {
            _state = StreamingContextState.Stopped;
        }
    }

    private async Task CompleteAsync()
    {
        await _engineStopping!.ConfigureAwait(false);
        var errors = new List<Exception>();
        if (Failure is { } failure)
        {
            errors.Add(failure);
        }

        errors.AddRange(_stopErrors);
        StreamingOptions options = context.Options;
        TimeSpan limit = options.ImmediateStopTimeout;
        if (await listeners.WaitForCallAsync(limit, options.TimeProvider).ConfigureAwait(false) is { } listener)
        {
            string sentence =
                $"has not returned {limit} after the context had stopped, and was left behind: no listener hears anything more. "
                + "Let it return; what takes long belongs on a task of its own.";
            errors.Add(new StreamingException($"Listener {listener} {sentence}", new TimeoutException($"{listener} {sentence}"))
                { OperatorName = listener });
        }

        if (errors.Count > 0)
        {
            SetFailure(errors[0]);
            _completion.TrySetException(errors);
        }
        else
        {
            _completion.TrySetResult();
        }
    }
}
