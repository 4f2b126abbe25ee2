namespace FastStream;

/// <summary>
/// Writes records into a stream, and reports when they count: from then on their sender need not keep them. Safe from
/// any thread.
/// </summary>
/// <remarks>
/// A record counts, even after a crash:
/// <list type="bullet">
/// <item>with <see cref="CheckpointOptions.ReceiverJournal"/>: when it is on the disk, about a millisecond after it was
/// written;</item>
/// <item>else with <see cref="StreamingOptions.Checkpoint"/>: when its batch's intent record is on the disk, after one
/// interval at most;</item>
/// <item>without checkpoints: when its batch is done. Nothing survives a crash, but no record of a failed batch is
/// acknowledged.</item>
/// </list>
/// A record whose task did not complete, because of a crash, a failure or the stop, may still count: a record that is
/// sent again may appear twice.
/// </remarks>
/// <typeparam name="T">The record.</typeparam>
public sealed class AcknowledgedWriter<T>
{
    private readonly WriterReceiver _receiver = new();

    internal AcknowledgedWriter()
    {
    }

    internal Receiver<T> Receiver => _receiver;

    /// <summary>
    /// Writes one record; completes when the record counts. Waits while the stream holds
    /// <see cref="StreamingOptions.MaxBufferedRecords"/>; no rate limit applies.
    /// </summary>
    /// <remarks>
    /// A writer that waits for each record gets only one into each batch, or each disk write: write many before waiting
    /// for the first, or use <see cref="WriteBlockAsync"/>.
    /// </remarks>
    /// <param name="record">The record.</param>
    /// <param name="cancellationToken">Ends the wait; a record that already has room is still written.</param>
    /// <exception cref="OperationCanceledException">The token ended the wait.</exception>
    /// <exception cref="StreamingException">The record will not count: the context stops or has stopped, or, without
    /// checkpoints, its batch failed.</exception>
    /// <exception cref="IOException">Writing the journal to the disk failed; the context stops.</exception>
    public Task WriteAsync(T record, CancellationToken cancellationToken = default) => _receiver.WriteAsync(new[] { record },
        cancellationToken);

    /// <summary>Writes records into one batch; completes when they count.</summary>
    /// <param name="records">The records, in order. The writer waits for room, copies them, and then waits until they
    /// count. A block larger than the bound waits until the stream holds nothing else.</param>
    /// <param name="cancellationToken">Ends the wait; records that already have room are still written.</param>
    /// <exception cref="OperationCanceledException">The token ended the wait.</exception>
    /// <exception cref="StreamingException">The records will not count.</exception>
    /// <exception cref="IOException">Writing the journal to the disk failed; the context stops.</exception>
    public Task WriteBlockAsync(ReadOnlyMemory<T> records, CancellationToken cancellationToken = default) =>
        _receiver.WriteAsync(records, cancellationToken);

    private sealed class WriterReceiver : Receiver<T>
    {
        public Task WriteAsync(ReadOnlyMemory<T> records, CancellationToken cancellationToken) =>
            StoreBlockAcknowledgedAsync(records, cancellationToken);

        // Other threads write; this run only lasts as long as they may.
        protected override async Task RunAsync(CancellationToken stop)
        {
            var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await stopped.Task.WaitAsync(stop).ConfigureAwait(false);
        }
    }
}
