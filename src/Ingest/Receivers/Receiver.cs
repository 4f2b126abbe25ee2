namespace FastStream;

/// <summary>Where a receiver is in its life.</summary>
public enum ReceiverState
{
    /// <summary>The context has not started it yet.</summary>
    Initialized,

    /// <summary>It runs, or waits to run again.</summary>
    Started,

    /// <summary>It does not run any more: the source ended, <see cref="Receiver{T}.Stop"/> was called, or the context stopped.</summary>
    Stopped,
}

/// <summary>
/// A source that pushes: write <see cref="RunAsync"/>, which receives until it is told to stop and stores what it
/// receives.
/// </summary>
/// <remarks>
/// Spark's <c>Receiver</c> in C#: its <c>onStart</c> and <c>onStop</c> are the beginning of <see cref="RunAsync"/> and
/// the cancellation of its token. A run that throws is reported and begins again after <see cref="RestartDelay"/>; a
/// run that returns has come to the source's end, and the stream goes on with empty batches (or, with
/// <see cref="StreamingOptions.StopWhenInputsEnd"/>, the context stops when all inputs have ended).
/// All members are safe from any thread.
/// </remarks>
/// <example><code>
/// sealed class Ticks : Receiver&lt;Tick&gt;
/// {
///     protected override async Task RunAsync(CancellationToken stop)
///     {
///         await foreach (Tick tick in exchange.SubscribeAsync(stop))
///         {
///             await StoreAsync(tick, CancellationToken.None);
///         }
///     }
/// }
/// var ticks = context.ReceiverStream(new Ticks());
/// </code></example>
/// <typeparam name="T">The record.</typeparam>
public abstract class Receiver<T>
{
    private ReceiverSupervisor<T>? _supervisor;   // since the receiver was given to a stream

    /// <summary>How long to wait before a run that failed begins again: 0 to 24 days; default 2 s.</summary>
    public TimeSpan RestartDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Where the receiver is in its life.</summary>
    public ReceiverState State => _supervisor?.State ?? ReceiverState.Initialized;

    /// <summary>Number of the stream it feeds; -1 before <c>ReceiverStream</c> was called with it.</summary>
    public int StreamId => _supervisor?.StreamId ?? -1;

    private protected ReceiverSupervisor<T> Supervisor => _supervisor
        ?? throw new InvalidOperationException("The receiver belongs to no stream. Give it to context.ReceiverStream first.");

    /// <summary>
    /// Receives, and stores what it receives, until the source ends (return), fails (throw), or <paramref name="stop"/>
    /// is cancelled.
    /// </summary>
    /// <remarks>
    /// After the cancellation it may still store what it has received: a graceful stop waits for it, and the last batch
    /// has all of it.
    /// </remarks>
    /// <param name="stop">Cancelled when the context stops, and on <see cref="Stop"/> and <see cref="Restart"/>.</param>
    protected abstract Task RunAsync(CancellationToken stop);

    /// <summary>
    /// Stores one record: waits while the rate limit says so, and while
    /// <see cref="StreamingOptions.MaxBufferedRecords"/> are held.
    /// </summary>
    /// <remarks>
    /// With <see cref="CheckpointOptions.ReceiverJournal"/> the record is on the disk when this is done. Store several at
    /// once, or a block: what waits goes to the disk together.
    /// </remarks>
    /// <param name="record">The record.</param>
    /// <param name="cancellationToken">Gives up waiting; the record is not stored then.</param>
    /// <exception cref="OperationCanceledException">Waiting was given up, or the context has stopped: the record is not stored.</exception>
    protected ValueTask StoreAsync(T record, CancellationToken cancellationToken = default) =>
        Supervisor.StoreAsync(record, cancellationToken);

    /// <summary>
    /// Stores records as one block: all of them are in the same batch, and they are stored when this returns. Not
    /// limited in rate; waits while <see cref="StreamingOptions.MaxBufferedRecords"/> are held.
    /// </summary>
    /// <remarks>
    /// With <see cref="CheckpointOptions.ReceiverJournal"/> the records are on the disk when this is done. Without a journal
    /// they are in memory: a source that is acknowledged is to be answered when
    /// <see cref="StoreBlockAcknowledgedAsync"/> is done.
    /// </remarks>
    /// <param name="records">The records, in order; copied. More of them than the bound wait until nothing else is held.</param>
    /// <param name="cancellationToken">Gives up waiting; nothing is stored then.</param>
    /// <exception cref="OperationCanceledException">Waiting was given up, or the context has stopped: nothing is stored.</exception>
    protected ValueTask StoreBlockAsync(ReadOnlyMemory<T> records, CancellationToken cancellationToken = default) =>
        Supervisor.StoreBlockAsync(records, cancellationToken);

    /// <summary>
    /// Stores one record, and is done when it counts, so that its source can be told that it need not keep it. Not limited
    /// in rate; waits while <see cref="StreamingOptions.MaxBufferedRecords"/> are held.
    /// </summary>
    /// <remarks>
    /// The record counts from here on, also after a crash: with <see cref="CheckpointOptions.ReceiverJournal"/> when it is
    /// on the disk; else with <see cref="StreamingOptions.Checkpoint"/> when its
    /// batch is planned on the disk; without checkpoints when its batch is done. The last two take a batch interval and
    /// longer: store many before waiting for the first. A record whose
    /// acknowledgement did not come, because of a crash or a failure, may count all the same: what a source sends again may come twice.
    /// </remarks>
    /// <param name="record">The record.</param>
    /// <param name="cancellationToken">Gives up waiting; a record that has room already is stored all the same.</param>
    /// <exception cref="OperationCanceledException">Waiting was given up by the token.</exception>
    /// <exception cref="StreamingException">The record will not count: its batch failed where there are no checkpoints, or
    /// the context has stopped before.</exception>
    /// <exception cref="IOException">The disk did not take the journal; the context stops.</exception>
    protected Task StoreAcknowledgedAsync(T record, CancellationToken cancellationToken = default) =>
        Supervisor.StoreAcknowledgedAsync(new[] { record }, cancellationToken);

    /// <summary>As <see cref="StoreAcknowledgedAsync"/>, for records as one block: all of them are in the same batch.</summary>
    /// <param name="records">The records, in order; copied. More of them than the bound wait until nothing else is held.</param>
    /// <param name="cancellationToken">Gives up waiting; records that have room already are stored all the same.</param>
    /// <exception cref="OperationCanceledException">Waiting was given up by the token.</exception>
    /// <exception cref="StreamingException">The records will not count.</exception>
    /// <exception cref="IOException">The disk did not take the journal; the context stops.</exception>
    protected Task StoreBlockAcknowledgedAsync(ReadOnlyMemory<T> records, CancellationToken cancellationToken = default) =>
        Supervisor.StoreAcknowledgedAsync(records, cancellationToken);

    /// <summary>Ends the present run, waits, and begins another one. Returns at once.</summary>
    /// <param name="message">Why, for listeners.</param>
    /// <param name="error">What went wrong, if something did.</param>
    /// <param name="delay">The wait, 0 to 24 days; null for <see cref="RestartDelay"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The wait is out of its range.</exception>
    public void Restart(string message, Exception? error = null, TimeSpan? delay = null) => Supervisor.Restart(message, error, delay);

    /// <summary>
    /// Ends the receiver for good. Returns at once; the stream goes on with empty batches, unless an error ends it
    /// under <see cref="BatchFailurePolicy.FailContext"/>.
    /// </summary>
    /// <param name="message">Why, for listeners.</param>
    /// <param name="error">What went wrong, if something did: under <see cref="BatchFailurePolicy.FailContext"/> what
    /// was stored goes through a last batch, and the context fails.</param>
    public void Stop(string message, Exception? error = null) => Supervisor.Stop(message, error);

    /// <summary>Tells listeners of an error; changes nothing.</summary>
    /// <param name="message">What went wrong.</param>
    /// <param name="error">The error itself, if there is one.</param>
    public void ReportError(string message, Exception? error = null) => Supervisor.ReportError(message, error);

    internal Task CallRunAsync(CancellationToken stop) => RunAsync(stop);

    internal void Attach(ReceiverSupervisor<T> supervisor)
    {
        if (Interlocked.CompareExchange(ref _supervisor, supervisor, null) is { } other)
        {
            throw new InvalidOperationException($"The receiver feeds stream {other.StreamId} already. Make one receiver for each stream.");
        }
    }
}
