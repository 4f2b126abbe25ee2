namespace FastStream;

/// <summary>Where a receiver is in its life.</summary>
public enum ReceiverState
{
    /// <summary>The context has not started it yet.</summary>
    Initialized,

    /// <summary>It runs, or waits to run again.</summary>
    Started,

    /// <summary>
    /// It no longer runs: the source ended, <see cref="Receiver{T}.Stop"/> was called, or the context stopped.
    /// </summary>
    Stopped,
}

/// <summary>
/// A source that records are pushed into: override <see cref="RunAsync"/>, which receives records and stores them until
/// it is told to stop.
/// </summary>
/// <remarks>
/// This is Spark's <c>Receiver</c> in C#: Spark's <c>onStart</c> and <c>onStop</c> are the beginning of
/// <see cref="RunAsync"/> and the cancellation of its token. A run that throws is reported, and a new run begins after
/// <see cref="RestartDelay"/>. A run that returns has reached the end of the source, and the stream continues with
/// empty batches (or, with <see cref="StreamingOptions.StopWhenInputsEnd"/>, the context stops when all inputs have
/// ended). All members are safe from any thread.
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

    /// <summary>How long to wait after a failed run before the next one begins: 0 to 24 days; default 2 s.</summary>
    public TimeSpan RestartDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Where the receiver is in its life.</summary>
    public ReceiverState State => _supervisor?.State ?? ReceiverState.Initialized;

    /// <summary>Number of the stream it feeds; -1 before <c>ReceiverStream</c> was called with it.</summary>
    public int StreamId => _supervisor?.StreamId ?? -1;

    private protected ReceiverSupervisor<T> Supervisor => _supervisor
        ?? throw new InvalidOperationException("The receiver belongs to no stream. Give it to context.ReceiverStream first.");

    /// <summary>
    /// Receives records and stores them until the source ends (return), fails (throw), or <paramref name="stop"/> is
    /// cancelled.
    /// </summary>
    /// <remarks>
    /// After the cancellation it may still store what it has received: a graceful stop waits for it, and the last batch
    /// has all of those records.
    /// </remarks>
    /// <param name="stop">Cancelled when the context stops, and on <see cref="Stop"/> and <see cref="Restart"/>.</param>
    protected abstract Task RunAsync(CancellationToken stop);

    /// <summary>
    /// Stores one record: waits while the rate limit requires it, and while the stream holds
    /// <see cref="StreamingOptions.MaxBufferedRecords"/>.
    /// </summary>
    /// <remarks>
    /// With <see cref="CheckpointOptions.ReceiverJournal"/> the record is on the disk when the task completes. Store
    /// several records concurrently, or a block: records that wait are written to the disk together.
    /// </remarks>
    /// <param name="record">The record.</param>
    /// <param name="cancellationToken">Ends the wait; the record is not stored then.</param>
    /// <exception cref="OperationCanceledException">The token ended the wait, or the context has stopped: the record is
    /// not stored.</exception>
    protected ValueTask StoreAsync(T record, CancellationToken cancellationToken = default) =>
        Supervisor.StoreAsync(record, cancellationToken);

    /// <summary>
    /// Stores records as one block: all of them are in the same batch, and they are stored when the task completes. No
    /// rate limit applies; waits while the stream holds <see cref="StreamingOptions.MaxBufferedRecords"/>.
    /// </summary>
    /// <remarks>
    /// With <see cref="CheckpointOptions.ReceiverJournal"/> the records are on the disk when the task completes.
    /// Without a journal they are only in memory: to acknowledge records to a source, wait for
    /// <see cref="StoreBlockAcknowledgedAsync"/>.
    /// </remarks>
    /// <param name="records">The records, in order; copied. A block larger than the bound waits until the stream holds
    /// nothing else.</param>
    /// <param name="cancellationToken">Ends the wait; nothing is stored then.</param>
    /// <exception cref="OperationCanceledException">The token ended the wait, or the context has stopped: nothing is
    /// stored.</exception>
    protected ValueTask StoreBlockAsync(ReadOnlyMemory<T> records, CancellationToken cancellationToken = default) =>
        Supervisor.StoreBlockAsync(records, cancellationToken);

    /// <summary>
    /// Stores one record, and completes when the record counts: from then on its source need not keep it. No rate limit
    /// applies; waits while the stream holds <see cref="StreamingOptions.MaxBufferedRecords"/>.
    /// </summary>
    /// <remarks>
    /// The record counts, even after a crash: with <see cref="CheckpointOptions.ReceiverJournal"/> when it is on the
    /// disk; else with <see cref="StreamingOptions.Checkpoint"/> when its batch's intent record is on the disk; without
    /// checkpoints when its batch is done. The last two take a batch interval or longer: store many records before
    /// waiting for the first. A record that was not acknowledged, because of a crash or a failure, may still count: a
    /// record that the source sends again may appear twice.
    /// </remarks>
    /// <param name="record">The record.</param>
    /// <param name="cancellationToken">Ends the wait; a record that already has room is still stored.</param>
    /// <exception cref="OperationCanceledException">The token ended the wait.</exception>
    /// <exception cref="StreamingException">The record will not count: there are no checkpoints and its batch failed,
    /// or the context stopped first.</exception>
    /// <exception cref="IOException">Writing the journal to the disk failed; the context stops.</exception>
    protected Task StoreAcknowledgedAsync(T record, CancellationToken cancellationToken = default) =>
        Supervisor.StoreAcknowledgedAsync(new[] { record }, cancellationToken);

    /// <summary>
    /// As <see cref="StoreAcknowledgedAsync"/>, for records as one block: all of them are in the same batch.
    /// </summary>
    /// <param name="records">The records, in order; copied. A block larger than the bound waits until the stream holds
    /// nothing else.</param>
    /// <param name="cancellationToken">Ends the wait; records that already have room are still stored.</param>
    /// <exception cref="OperationCanceledException">The token ended the wait.</exception>
    /// <exception cref="StreamingException">The records will not count.</exception>
    /// <exception cref="IOException">Writing the journal to the disk failed; the context stops.</exception>
    protected Task StoreBlockAcknowledgedAsync(ReadOnlyMemory<T> records, CancellationToken cancellationToken = default) =>
        Supervisor.StoreAcknowledgedAsync(records, cancellationToken);

    /// <summary>Requests that the present run end and, after a wait, another one begin. Returns at once.</summary>
    /// <param name="message">Why, for listeners.</param>
    /// <param name="error">What went wrong, if something did.</param>
    /// <param name="delay">The wait, 0 to 24 days; null for <see cref="RestartDelay"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The wait is out of its range.</exception>
    public void Restart(string message, Exception? error = null, TimeSpan? delay = null) => Supervisor.Restart(message, error, delay);

    /// <summary>
    /// Ends the receiver for good. Returns at once; the stream continues with empty batches, unless an error ends it
    /// under <see cref="BatchFailurePolicy.FailContext"/>.
    /// </summary>
    /// <param name="message">Why, for listeners.</param>
    /// <param name="error">What went wrong, if something did: under <see cref="BatchFailurePolicy.FailContext"/> the
    /// stored records are in a last batch, and the context fails.</param>
    public void Stop(string message, Exception? error = null) => Supervisor.Stop(message, error);

    /// <summary>Reports an error to listeners; changes nothing else.</summary>
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
