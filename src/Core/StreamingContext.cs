using System.Diagnostics;

namespace FastStream;

/// <summary>The states of a context, in this order; a context never goes back.</summary>
public enum StreamingContextState
{
    /// <summary>Streams and outputs are being described.</summary>
    Initialized,

    /// <summary>Batches run.</summary>
    Active,

    /// <summary>No batch runs any more, after a stop or a failure.</summary>
    Stopped,
}

/// <summary>
/// The entry point: owns options, graph and scheduler of one stream program. Describe streams and outputs, then
/// <see cref="Start"/> or <see cref="RunAsync"/>.
/// </summary>
/// <remarks>
/// The counterpart of Spark's class of the same name; a process may run any number of contexts. Only one thread may
/// describe; starting, stopping and the properties are safe from any. (The BCL has a
/// <c>System.Runtime.Serialization.StreamingContext</c>; import that namespace elsewhere.)
/// </remarks>
[DebuggerDisplay("{Options.Name,nq}: {State}, {Outputs.Count} outputs, a batch every {Options.BatchInterval}")]
public sealed class StreamingContext : IAsyncDisposable
{
    private readonly List<IInputStream> _inputs = [];
    private readonly List<OutputOperation> _outputs = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly HashSet<string> _warnings = new(StringComparer.Ordinal);   // about the description; posted at the start
    private readonly ListenerBus _listeners = new();
    private readonly ContextLifecycle _life;
    private int _streamIds;

    /// <summary>Makes a context with a batch interval and otherwise default options.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The interval is not a positive number of whole milliseconds.</exception>
    public StreamingContext(TimeSpan batchInterval)
        : this(new StreamingOptions { BatchInterval = batchInterval })
    {
    }

    /// <summary>Makes a context with options.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range; the message says which one, and
    /// what is expected.</exception>
    public StreamingContext(StreamingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        options = options.Copy();
        Options = options;
        _life = new ContextLifecycle(this, _listeners, () => new Engine(this, _inputs, _outputs, _listeners, _life!.Fail), PostWarnings);
        States = new QueryableStates(_life);
        Blocks = BlockPool.For(options);
        OwnFiles = new OwnFiles(Options);
        Metrics = new StreamingMetrics(options.Name, Blocks, _listeners);
        _listeners.Add(Metrics);
    }

    /// <summary>
    /// Makes a context with checkpoints: it saves its batches and states in a directory, and resumes from what it finds
    /// there. Each run calls the function again to describe the streams: the directory holds data (times, positions,
    /// windows, states by the streams' names), never code, so that a new version of the program resumes where the old
    /// one stopped.
    /// </summary>
    /// <remarks>
    /// The same as setting <see cref="StreamingOptions.Checkpoint"/>. The context reads the saved data when it starts,
    /// and refuses data that do not fit.
    /// </remarks>
    /// <example><code>
    /// await using StreamingContext job = StreamingContext.GetOrCreate("state/", new StreamingOptions(), context =>
    ///     context.TextFileStream("logs/").Count().Window(TimeSpan.FromMinutes(5)).Print());
    /// </code></example>
    /// <param name="checkpointDirectory">The directory, which no other program may use.</param>
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

    /// <summary>Whether the context is being described, runs or has stopped.</summary>
    public StreamingContextState State => _life.State;

    /// <summary>
    /// Completes when the context has stopped: successfully after a stop, faulted with a
    /// <see cref="StreamingException"/> after a failure.
    /// </summary>
    public Task Completion => _life.Completion;

    /// <summary>The pool that receivers take blocks from.</summary>
    public BlockPool Blocks { get; }

    /// <summary>Counters of this context, also published under the meter <c>FastStream</c>.</summary>
    public StreamingMetrics Metrics { get; }

    /// <summary>Answers questions about keyed states, between batches, while the context runs.</summary>
    public QueryableStates States { get; }

    /// <summary>The time one interval before the first batch's time. The start sets it.</summary>
    /// <exception cref="InvalidOperationException">The context was not started.</exception>
    public BatchTime ZeroTime => _life.EngineFor("Reading ZeroTime").ZeroTime;

    /// <summary>The described outputs, in order of registration.</summary>
    public IReadOnlyList<OutputOperation> Outputs => _outputs;

    /// <summary>
    /// The streams and outputs described so far, as data, text or a Mermaid chart. Works in every state of the context.
    /// </summary>
    public StreamGraph Describe() => StreamGraph.Of(_outputs);

    /// <summary>Adds a listener; events reach it on a thread of its own, in order.</summary>
    public void AddListener(StreamingListener listener)
    {
        ArgumentNullException.ThrowIfNull(listener);
        _listeners.Add(listener);
    }

    /// <summary>Removes a listener.</summary>
    public void RemoveListener(StreamingListener listener) => _listeners.Remove(listener);

    /// <summary>
    /// Builds the graph, opens outputs and inputs, and starts batches; the caller's thread waits until batches run. A
    /// second call waits for the first.
    /// </summary>
    /// <remarks>The waiting form of <see cref="StartAsync"/>, for programs that have nothing else to do meanwhile.</remarks>
    /// <exception cref="InvalidOperationException">No output is described, or the context has stopped.</exception>
    public void Start() => _life.StartAsync(CancellationToken.None).GetAwaiter().GetResult();

    /// <summary>
    /// Builds the graph, reads back what was saved, opens outputs and inputs, and starts batches. The task completes
    /// when batches run; a second call waits for the first.
    /// </summary>
    /// <remarks>
    /// Nothing of this runs on the caller's thread, and no lock is held while outputs and inputs open, which may take
    /// long: connections, transactions, states on disk. If one fails to open, the context stops those that it opened
    /// before, and the task and <see cref="Completion"/> fault with the error.
    /// </remarks>
    /// <param name="cancellationToken">Cancels the start: the context stops at once what it has opened, cannot be
    /// started again, and cancels the task. After the start the token has no effect.</param>
    /// <exception cref="InvalidOperationException">No output is described, or the context has stopped.</exception>
    /// <exception cref="OperationCanceledException">The start was cancelled. If the token was cancelled before the
    /// call, the context stays as it was.</exception>
    /// <example><code>
    /// using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
    /// await context.StartAsync(patience.Token);
    /// </code></example>
    public Task StartAsync(CancellationToken cancellationToken = default) => 
        Task.Run(() => _life.StartAsync(cancellationToken), cancellationToken);

    /// <summary>
    /// Starts, runs until cancelled or failed, then stops gracefully: data received by then are still processed.
    /// </summary>
    /// <param name="cancellationToken">Requests the graceful stop. That is no error: the task then ends normally.</param>
    /// <exception cref="StreamingException">A batch or an input failed, and the policy was to fail the context.</exception>
    public async Task RunAsync(CancellationToken cancellationToken = default)
    {
        Task starting = _life.StartAsync(CancellationToken.None);
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (cancellationToken.Register(() => cancelled.TrySetResult()))
        {
            if (await Task.WhenAny(starting, cancelled.Task).ConfigureAwait(false) == starting)
            {
                await starting.ConfigureAwait(false);
                await Task.WhenAny(Completion, cancelled.Task).ConfigureAwait(false);
            }
        }

        await StopAsync(StopMode.Graceful, CancellationToken.None).ConfigureAwait(false);
        await starting.ConfigureAwait(false);
        await Completion.ConfigureAwait(false);
    }

    /// <summary>Stops; a second call waits for the first.</summary>
    /// <remarks>
    /// From inside an operator, output or input of the context, from work that an output or input began while its batch
    /// runs, and from the body of a loop over <see cref="DStreamOperators.ToAsyncEnumerable"/>, the call requests the
    /// stop and returns at once: the stop waits for all of these, so that they cannot wait for it.
    /// <see cref="Completion"/> tells others when the context has stopped. From inside a listener, the call waits for
    /// the batches but not for the listeners. The context leaves behind code that does not return within
    /// <see cref="StreamingOptions.ImmediateStopTimeout"/>: this call then returns, and <see cref="Completion"/> faults
    /// with the name of that code.
    /// </remarks>
    /// <param name="mode">Whether received data are still processed (default) or dropped.</param>
    /// <param name="cancellationToken">Makes the stop an immediate one, as if the caller had requested that. It does
    /// not cancel the task, which completes when the context has stopped.</param>
    /// <example><code>
    /// await context.StopAsync(StopMode.Graceful, new CancellationTokenSource(TimeSpan.FromSeconds(20)).Token);   // after 20 s at once
    /// </code></example>
    public Task StopAsync(StopMode mode = StopMode.Graceful, CancellationToken cancellationToken = default) =>
        _life.StopAsync(mode, cancellationToken);

    /// <summary>Completes when the batch of that time and every earlier one have completed.</summary>
    /// <remarks>
    /// Faults with the <see cref="StreamingException"/> of the batch if that failed for good (after its attempts), or
    /// if an earlier run gave it up. Faults with an <see cref="InvalidOperationException"/> if the context stops
    /// without the batch; its inner exception is the failure that stopped the context, if there was one. A time whose
    /// batch did not run on its own, such as one skipped by <see cref="MissedTickPolicy.RunNewest"/>, completes with
    /// the next batch. The context remembers the last 1,000 failures. Any number of callers may wait; safe from any
    /// thread.
    /// </remarks>
    public Task WhenCompletedAsync(BatchTime time) =>
        _life.EngineFor("Waiting for a batch").WhenCompletedAsync(time);

    /// <summary>
    /// Stops at once if still running, returns memory, and waits until listeners have received all events. A listener
    /// may call it too: the call does not wait for that listener's own call.
    /// </summary>
    /// <remarks>
    /// From inside an operator, output or input it only requests this, as <see cref="StopAsync"/> does. It always
    /// returns: after <see cref="StreamingOptions.ImmediateStopTimeout"/> it leaves behind what has not returned,
    /// listeners included.
    /// </remarks>
    public async ValueTask DisposeAsync()
    {
        bool isInListener = _listeners.IsDelivering;   // asked first: after the stop, this runs on another thread
        Task stopping = StopAsync(StopMode.Immediate);
        if (_life.IsInOwnWork)
        {
            _ = EndAsync(Completion, waitsForListeners: true);
            return;
        }

        await EndAsync(stopping, waitsForListeners: !isInListener).ConfigureAwait(false);
    }

    /// <summary>The files that the program writes, so that its inputs ignore them.</summary>
    internal OwnFiles OwnFiles { get; }

    /// <summary>The number of a batch, from 1. Needs a context that has started.</summary>
    internal long NumberOf(BatchTime time) => (time - ZeroTime).Ticks / Options.BatchInterval.Ticks;

    internal int NextStreamId() => _streamIds++;

    /// <summary>Tells listeners of something that happened outside of the batches, such as in a receiver.</summary>
    internal void Post(Action<StreamingListener> call) => _listeners.Post(call);

    /// <summary>
    /// Stops the context at once, whatever the policy for failed batches: for sources and outputs that cannot continue,
    /// such as one whose place another program has taken.
    /// </summary>
    /// <remarks>
    /// <see cref="Completion"/> faults with the error. Returns at once; safe from any thread, also from inside a batch.
    /// Has no effect on a context that has stopped.
    /// </remarks>
    /// <param name="error">Why, in a sentence that says what to do.</param>
    public void Fail(StreamingException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        _life.Fail(error);
    }

    /// <summary>
    /// Handles an input that ended with an error, by the policy. The input's earlier data are not affected: they go
    /// through a last batch.
    /// </summary>
    internal void OnInputFailed(StreamingException error)
    {
        if (Options.OnBatchFailure == BatchFailurePolicy.FailContext)
        {
            _life.SetFailure(error);
            _ = StopAsync(StopMode.Graceful);
        }
    }

    /// <summary>Stops the context, because the last data of all inputs are in a batch.</summary>
    internal void OnInputsEnded() => _ = StopAsync(StopMode.Graceful);

    /// <summary>The failure that stops the context or has stopped it; null if there is none.</summary>
    internal Exception? Failure => _life.Failure;

    /// <summary>
    /// Calls back when the context has stopped, with the failure that stopped it, or null; for outputs that forward the
    /// end of the stream.
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
    /// Warns listeners of something that went wrong although the context continues
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

    private void PostWarnings()
    {
        foreach (string warning in _warnings)
        {
            _listeners.Post(listener => listener.OnWarning(warning, null));
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

    /// <summary>The running batch ends; queued batches and received data are dropped.</summary>
    Immediate,
}
