namespace FastStream;

/// <summary>
/// Writes records into a stream, and tells when they count, so that whoever sent them can be told that they need not be
/// kept. Safe from any thread.
/// </summary>
/// <remarks>
/// A record counts from here on, also after a crash:
/// <list type="bullet">
/// <item>with <see cref="CheckpointOptions.ReceiverJournal"/> when it is on the disk, a millisecond or so after it was written;</item>
/// <item>else with <see cref="StreamingOptions.Checkpoint"/> when its batch is planned on the disk, after an interval at most;</item>
/// <item>without checkpoints when its batch is done: nothing survives a crash, but no record is acknowledged whose batch failed.</item>
/// </list>
/// A record whose task did not complete, because of a crash, a failure or the stop, may count all the same: what is sent
/// again may come twice.
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
    /// Writes one record; done when it counts. Waits while <see cref="StreamingOptions.MaxBufferedRecords"/> are held; not
    /// limited in rate.
    /// </summary>
    /// <remarks>
    /// One writer that waits for each record has one in every batch, or disk access: write many before waiting for the
    /// first, or <see cref="WriteBlockAsync"/>.
    /// </remarks>
    /// <param name="record">The record.</param>
    /// <param name="cancellationToken">Gives up waiting; a record that has room already is written all the same.</param>
    /// <exception cref="OperationCanceledException">Waiting was given up by the token.</exception>
    /// <exception cref="StreamingException">The record will not count: the context stops or has stopped, or, where there are
    /// no checkpoints, its batch failed.</exception>
    /// <exception cref="IOException">The disk did not take the journal; the context stops.</exception>
    public Task WriteAsync(T record, CancellationToken cancellationToken = default) => _receiver.WriteAsync(new[] { record },
        cancellationToken);

    /// <summary>Writes records that go into the same batch; done when they count.</summary>
    /// <param name="records">The records, in order; copied before it waits for anything but room. More of them than the
    /// bound wait until nothing else is held.</param>
    /// <param name="cancellationToken">Gives up waiting; records that have room already are written all the same.</param>
    /// <exception cref="OperationCanceledException">Waiting was given up by the token.</exception>
    /// <exception cref="StreamingException">The records will not count.</exception>
    /// <exception cref="IOException">The disk did not take the journal; the context stops.</exception>
    public Task WriteBlockAsync(ReadOnlyMemory<T> records, CancellationToken cancellationToken = default) =>
        _receiver.WriteAsync(records, cancellationToken);

    private sealed class WriterReceiver : Receiver<T>
    {
        public Task WriteAsync(ReadOnlyMemory<T> records, CancellationToken cancellationToken) =>
            StoreBlockAcknowledgedAsync(records, cancellationToken);

        // Others write; the run only lasts as long as they may.
        protected override async Task RunAsync(CancellationToken stop)
        {
            var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await stopped.Task.WaitAsync(stop).ConfigureAwait(false);
        }
    }
}
