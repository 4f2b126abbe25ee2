using System.Runtime.ExceptionServices;

namespace FastStream;

/// <summary>A context's states; there is no way back.</summary>
public enum StreamingContextState
{
    /// <summary>Streams and outputs are being described.</summary>
    Initialized,

    /// <summary>Batches run.</summary>
    Active,

    /// <summary>No batch runs any more, by stop or by failure.</summary>
    Stopped,
}

/// <summary>
/// The entry point: owns options, graph and scheduler of one stream program. Describe streams and outputs, then
/// <see cref="Start"/> or <see cref="RunAsync"/>.
/// </summary>
/// <remarks>
/// The counterpart of Spark's class of the same name; any number of contexts may run in a process. Describing is for one thread;
/// starting, stopping and the properties are safe from any. (The BCL has a
/// <c>System.Runtime.Serialization.StreamingContext</c>; import that namespace elsewhere.)
/// </remarks>
public sealed class StreamingContext : IAsyncDisposable
{
    private readonly List<IInputStream> _inputs = [];
    private readonly List<OutputOperation> _outputs = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly HashSet<string> _warnings = new(StringComparer.Ordinal);   // of what is described, for when somebody listens
    // guards the change of state and the fields below; no code of users runs while it is held, but for the graph's
    // building
    private readonly Lock _lock = new();
    private readonly ListenerBus _listeners = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile StreamingContextState _state;             // read without the lock: an input that starts may ask for it
    private Engine? _engine;                                   // while active, and after
    private Task? _engineStopping;                             // the engine's part of the one stop that is under way or done
    private Task? _stopping;                                   // the whole stop
    private IReadOnlyList<Exception> _stopErrors = [];         // what went wrong in the stop
    private Exception? _failure;                               // why the context stops by itself
    private int _streamIds;

    /// <summary>A context with a batch interval and otherwise default options.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The interval is not a positive number of whole milliseconds.</exception>
    public StreamingContext(TimeSpan batchInterval)
        : this(new StreamingOptions { BatchInterval = batchInterval })
    {
    }

    /// <summary>A context with options.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range; the message says which and what is
    /// expected.</exception>
    public StreamingContext(StreamingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        options = options.Copy();
        Options = options;
        Blocks = BlockPool.For(options);
        OwnFiles = new OwnFiles(Options);
        Metrics = new StreamingMetrics(options.Name, Blocks, _listeners);
        _listeners.Add(Metrics);
    }

    /// <summary>
    /// A context that survives: it keeps its batches and states in a directory, and goes on from what it finds there.
    /// The function describes the streams, in every run anew: the directory holds data (times, positions, windows,
    /// states by the streams' names), never code, so that a new version of the program goes on where the old one
    /// stopped.
    /// </summary>
    /// <remarks>
    /// As giving <see cref="StreamingOptions.Checkpoint"/> oneself. What was saved is read when the context starts;
    /// what does not fit is refused there.
    /// </remarks>
    /// <example><code>
    /// await using StreamingContext job = StreamingContext.GetOrCreate("state/", new StreamingOptions(), context =>
    ///     context.TextFileStream("logs/").Count().Window(TimeSpan.FromMinutes(5)).Print());
    /// </code></example>
    /// <param name="checkpointDirectory">The directory, this program's alone.</param>
    /// <param name="options">The other options; the directory of its <see cref="StreamingOptions.Checkpoint"/>, if it
    /// has one, is replaced.</param>
    /// <param name="build">Describes streams and outputs.</param>
    public static StreamingContext GetOrCreate(string checkpointDirectory, StreamingOptions options, Action<StreamingContext> build)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(build);
        CheckpointOptions checkpoint = options.Checkpoint is { } given
            ? given with { Directory = checkpointDirectory } : new CheckpointOptions { Directory = checkpointDirectory };
        var context = new StreamingContext(options with { Checkpoint = checkpoint });
        build(context);
        return context;
    }

    /// <summary>The options, validated.</summary>
    public StreamingOptions Options { get; }

    /// <summary>Where the context is in its life.</summary>
    public StreamingContextState State => _state;

    /// <summary>
    /// Done when the context has stopped: successfully after a stop, faulted with a <see cref="StreamingException"/>
    /// after a failure.
    /// </summary>
    public Task Completion => _completion.Task;

    /// <summary>The pool that receivers take blocks from.</summary>
    public BlockPool Blocks { get; }

    /// <summary>Counters of this context, also published under the meter <c>FastStream</c>.</summary>
    public StreamingMetrics Metrics { get; }

    /// <summary>The time before the first batch: the first batch's time is one interval later. Set by the start.</summary>
    /// <exception cref="InvalidOperationException">The context was not started.</exception>
    public BatchTime ZeroTime => (_engine ?? throw Throw.NotWhile(State, "Reading ZeroTime")).ZeroTime;

    /// <summary>The described outputs, in order of registration.</summary>
    public IReadOnlyList<OutputOperation> Outputs => _outputs;

    /// <summary>The streams and outputs described so far, as data, text or a Mermaid chart. In every state of the context.</summary>
    public StreamGraph Describe() => StreamGraph.Of(_outputs);

    /// <summary>Adds a listener; events reach it on a thread of its own, in order.</summary>
    public void AddListener(StreamingListener listener)
    {
        ArgumentNullException.ThrowIfNull(listener);
        _listeners.Add(listener);
    }

    /// <summary>Removes a listener.</summary>
    public void RemoveListener(StreamingListener listener) => _listeners.Remove(listener);

    /// <summary>Builds the graph and starts inputs and batches. A second call does nothing.</summary>
    /// <exception cref="InvalidOperationException">No output is described, or the context has stopped.</exception>
    public void Start()
    {
        Exception? failure = null;
        lock (_lock)
        {
            if (_state == StreamingContextState.Active)
            {
                return;
            }

            if (_state == StreamingContextState.Stopped)
            {
                throw Throw.NotWhile(_state, "Start");
            }

            if (_outputs.Count == 0)
            {
                throw Throw.NoOutput();
            }

            try
            {
                _engine = new Engine(this, _inputs, _outputs, _listeners, OnFailure);
                _state = StreamingContextState.Active;
            }
            catch (Exception error)
            {
                failure = error;
            }
        }

        try
        {
            if (failure is null)
            {
                _engine!.Start();
                foreach (string warning in _warnings)
                {
                    _listeners.Post(listener => listener.OnWarning(warning, null));
                }

                return;
            }
        }
        catch (Exception error)
        {
            failure = error;
        }

        // Such as a port that is taken: the inputs before it must not go on receiving for nobody.
        Interlocked.CompareExchange(ref _failure, failure, null);
        Task stopping;
        lock (_lock)
        {
            _state = StreamingContextState.Stopped;
            stopping = BeginStopLocked(StopMode.Immediate);
        }

        stopping.GetAwaiter().GetResult();
        _ = Completion.Exception;   // it is thrown here: nobody need look there
        ExceptionDispatchInfo.Throw(failure);
    }

    /// <summary>Starts, runs until cancelled or failed, then stops gracefully: what was received is still processed.</summary>
    /// <param name="cancellationToken">Asks for the graceful stop; this is not an error, and the task then ends normally.</param>
    /// <exception cref="StreamingException">A batch or an input failed, and the policy was to fail the context.</exception>
    public async Task RunAsync(CancellationToken cancellationToken = default)
    {
        Start();
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (cancellationToken.Register(() => cancelled.TrySetResult()))
        {
            await Task.WhenAny(Completion, cancelled.Task).ConfigureAwait(false);
        }

        await StopAsync(StopMode.Graceful).ConfigureAwait(false);
        await Completion.ConfigureAwait(false);
    }

    /// <summary>Stops; a second call waits for the first.</summary>
    /// <remarks>
    /// Inside of an operator, output or input of the context, also in what an output or input has begun while its batch
    /// runs, and in the body of a loop over
    /// <see cref="DStreamOperators.ToAsyncEnumerable"/>, the call asks for the stop and returns at once: the stop waits
    /// for them, so that they cannot wait for it.
    /// <see cref="Completion"/> tells others of its end. Inside of a listener it waits for the batches, not for
    /// listeners. What does not return is left behind after
    /// <see cref="StreamingOptions.ImmediateStopTimeout"/>: this then returns, and <see cref="Completion"/> faults with its name.
    /// </remarks>
    /// <param name="mode">Whether received data are still processed (default) or dropped.</param>
    public Task StopAsync(StopMode mode = StopMode.Graceful)
    {
        bool isInListener = _listeners.IsDelivering;
        Task stopping;
        lock (_lock)
        {
            if (_engine is null && _stopping is null)
            {
                _state = StreamingContextState.Stopped;
                _completion.TrySetResult();
                return Task.CompletedTask;
            }

            stopping = BeginStopLocked(mode);
            if (isInListener)
            {
                stopping = _engineStopping!;
            }
        }

        return IsInOwnWork ? Task.CompletedTask : stopping;
    }

    /// <summary>Completes when the batch of that time, and with it every earlier one, is done with.</summary>
    /// <remarks>
    /// Faults with the <see cref="StreamingException"/> of the batch where that failed for good (after its tries), or
    /// was given up by an earlier run; and with an
    /// <see cref="InvalidOperationException"/> where the context stops without it, whose inner exception is the failure
    /// that stopped the context, if one did. A time whose batch did not run on its own, such as one left out by
    /// <see cref="MissedTickPolicy.RunNewest"/>, is done with the next batch. The last 1,000 failures are known
    /// afterwards. Any number may wait; safe from any thread.
    /// </remarks>
    public Task WhenCompletedAsync(BatchTime time) =>
        (_engine ?? throw Throw.NotWhile(State, "Waiting for a batch")).WhenCompletedAsync(time);

    /// <summary>
    /// Stops at once if still running, gives memory back, and waits until listeners have heard all. A listener may call
    /// it too: its own call is not waited for.
    /// </summary>
    /// <remarks>
    /// Inside of an operator, output or input it only asks for that, as <see cref="StopAsync"/> does. It always
    /// returns: what has not, after <see cref="StreamingOptions.ImmediateStopTimeout"/>, is left behind, listeners too.
    /// </remarks>
    public async ValueTask DisposeAsync()
    {
        bool isInListener = _listeners.IsDelivering;   // asked first: after the stop this runs on another thread
        Task stopping = StopAsync(StopMode.Immediate);
        if (IsInOwnWork)
        {
            _ = EndAsync(Completion, waitsForListeners: true);
            return;
        }

        await EndAsync(stopping, waitsForListeners: !isInListener).ConfigureAwait(false);
    }

    // What a stop waits for: it must not wait for its own caller.
    private bool IsInOwnWork => OwnWork.IsIn(this) || (_engine?.IsInOperator ?? false);
    /// <summary>What the program writes, so that inputs leave it alone.</summary>
    internal OwnFiles OwnFiles { get; }

    internal int NextStreamId() => _streamIds++;

    /// <summary>Tells listeners of something that happened outside of the batches, such as in a receiver.</summary>
    internal void Post(Action<StreamingListener> call) => _listeners.Post(call);

    /// <summary>
    /// Stops the context at once, whatever the policy for failed batches is: for sources and outputs that cannot go on,
    /// such as one whose place another program has taken.
    /// </summary>
    /// <remarks>
    /// <see cref="Completion"/> faults with the error. Returns at once; safe from any thread, also from inside of a
    /// batch. A context that has stopped stays as it is.
    /// </remarks>
    /// <param name="error">Why, in a sentence that says what to do.</param>
    public void Fail(StreamingException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        OnFailure(error);
    }

    /// <summary>
    /// An input has ended by an error, and the policy decides. What it received before is not the error's fault: it
    /// goes through a last batch.
    /// </summary>
    internal void OnInputFailed(StreamingException error)
    {
        if (Options.OnBatchFailure == BatchFailurePolicy.FailContext)
        {
            Interlocked.CompareExchange(ref _failure, error, null);
            _ = StopAsync(StopMode.Graceful);
        }
    }

    /// <summary>The last data of all inputs are in a batch.</summary>
    internal void OnInputsEnded() => _ = StopAsync(StopMode.Graceful);

    /// <summary>Why the context stops or has stopped by itself; null where it did not.</summary>
    internal Exception? Failure => Volatile.Read(ref _failure);

    /// <summary>
    /// Calls back when the context has stopped, with the failure that stopped it, or null; for outputs that hand an end
    /// on.
    /// </summary>
    internal void WhenStopped(Action<Exception?> call) =>
        _ = Completion.ContinueWith(
            ended => call(ended.Exception?.InnerException),
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    internal void AddInput(IInputStream input) => _inputs.Add(input);

    internal int AddOutput(OutputOperation output)
    {
        _outputs.Add(output);
        return _outputs.Count - 1;
    }

    /// <summary>Warns listeners of something in the description, once, when the context has started.</summary>
    internal void WarnAtStart(string warning) => _warnings.Add(warning);

    /// <summary>
    /// Warns listeners of something that did not go as it should while the context goes on
    /// (<see cref="StreamingListener.OnWarning"/>): for sources and outputs. Safe from any thread.
    /// </summary>
    /// <param name="message">What was seen, what it means, and what to do.</param>
    /// <param name="error">The error behind it; null (default) if there is none.</param>
    public void Warn(string message, Exception? error = null)
    {
        ArgumentNullException.ThrowIfNull(message);
        _listeners.Post(listener => listener.OnWarning(message, error));
    }

    internal string ClaimName(string name) =>
        _names.Add(name)
            ? name : throw new ArgumentException(
                $"Another stream is named \"{name}\" already. Errors and listeners tell streams apart by name: give each its own.",
                nameof(name));

    internal void ThrowIfFixed(string action)
    {
        StreamingContextState state = State;
        if (state != StreamingContextState.Initialized)
        {
            throw Throw.NotWhile(state, action);
        }
    }

    private void OnFailure(Exception error)
    {
        Interlocked.CompareExchange(ref _failure, error, null);
        _ = StopAsync(StopMode.Immediate);
    }

    private Task BeginStopLocked(StopMode mode)
    {
        if (mode == StopMode.Immediate)
        {
            _engine?.Abort();
        }

        if (_stopping is null)
        {
            _engineStopping = Task.Run(() => StopEngineAsync(_engine, mode));
            _stopping = Task.Run(CompleteAsync);
        }

        return _stopping;
    }

    private async Task StopEngineAsync(Engine? engine, StopMode mode)
    {
        var own = new OwnWork(this);   // inputs are told to stop by it
        own.Enter();
        try
        {
            await (engine?.StopAsync(mode) ?? Task.CompletedTask).ConfigureAwait(false);
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
        if (_failure is { } failure)
        {
            errors.Add(failure);
        }

        errors.AddRange(_stopErrors);
        TimeSpan limit = Options.ImmediateStopTimeout;
        if (await _listeners.WaitForCallAsync(limit, Options.TimeProvider).ConfigureAwait(false) is { } listener)
        {
            string sentence =
                $"has not returned {limit} after the context had stopped, and was left behind: no listener hears "
                + "anything more. Let it return; what takes long belongs on a task of its own.";
            errors.Add(new StreamingException($"Listener {listener} {sentence}", new TimeoutException($"{listener} {sentence}"))
                { OperatorName = listener });
        }

        if (errors.Count > 0)
        {
            Interlocked.CompareExchange(ref _failure, errors[0], null);
            _completion.TrySetException(errors);
        }
        else
        {
            _completion.TrySetResult();
        }
    }

    private async Task EndAsync(Task stopping, bool waitsForListeners)
    {
        await stopping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Task delivered = _listeners.CompleteAsync();
        if (waitsForListeners)
        {
            await _listeners.DrainAsync(delivered, Options.ImmediateStopTimeout, Options.TimeProvider).ConfigureAwait(false);
        }

        Metrics.Dispose();
    }
}

/// <summary>How a context stops.</summary>
public enum StopMode
{
    /// <summary>Receivers stop first; everything received is processed in batches, then the context stops.</summary>
    Graceful,

    /// <summary>The running batch ends, batches in the queue and received data are dropped.</summary>
    Immediate,
}
