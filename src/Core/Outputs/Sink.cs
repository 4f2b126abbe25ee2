using System.Buffers;

namespace FastStream;

/// <summary>
/// An output with a life of its own, such as one with a connection or files: derive from this class, and pass the sink
/// to <see cref="DStreamOperators.WriteTo"/>. It is opened before the first batch and closed after the last.
/// </summary>
/// <remarks>
/// <para>
/// Calls come one at a time. A batch's time identifies it: after a crash, a batch that has an intent record but whose
/// end is unknown comes again with the same time and <see cref="Batch{T}.IsReplay"/>, so that a sink which keeps the
/// time beside its data neither loses nor repeats the batch. A batch that fails is written again if
/// <see cref="StreamingOptions.BatchRetries"/> says so.
/// </para>
/// <para>
/// If a sink can hold back what it wrote until the batch is known to count, it writes in two phases
/// (<see cref="IsTransactional"/>), and outputs every batch exactly once without comparing times:
/// </para>
/// <code>
/// WriteAsync(t)     writes the batch where no reader sees it
/// PrepareAsync(t)   makes it durable, still unseen
///                   | the engine logs that the batch is done
/// PublishAsync(t)   makes it visible: must succeed, now or after a restart
/// AbortAsync(t)     in place of these two: the batch failed, or is attempted again
/// </code>
/// <para>
/// A start asks for the batches that an earlier run has left prepared (<see cref="FindPreparedAsync"/>), publishes
/// those that were logged as done and aborts the others. Without checkpoints nothing is logged: all of them are
/// aborted.
/// </para>
/// <para>To test one, let your test project derive from <c>SinkContract</c> of FastStream.TestKit.</para>
/// </remarks>
/// <typeparam name="T">The record.</typeparam>
public abstract class Sink<T>
{
    /// <summary>
    /// Whether the sink writes in two phases. By default false: what <see cref="WriteAsync"/> has written counts at
    /// once.
    /// </summary>
    protected internal virtual bool IsTransactional => false;

    /// <summary>
    /// Called once when the context starts, before inputs do. It must be quick: begin long work here, and wait for its
    /// end in <see cref="WriteAsync"/>. If it throws, so does the start.
    /// </summary>
    /// <param name="context">The name of the sink, and the context that opens it.</param>
    /// <param name="cancellationToken">Cancelled when the context stops at once.</param>
    protected internal virtual ValueTask OpenAsync(SinkContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>
    /// Writes a batch. The batch counts as output when the task completes, or in two phases when it is published. If
    /// it throws, the batch fails.
    /// </summary>
    /// <param name="batch">The batch, valid until the task completes; it may be empty.</param>
    /// <param name="cancellationToken">Cancelled when the context stops at once.</param>
    protected internal abstract ValueTask WriteAsync(Batch<T> batch, CancellationToken cancellationToken);

    /// <summary>
    /// In two phases, after <see cref="WriteAsync"/>: once the task completes, the whole batch survives a crash, and no
    /// reader sees it yet. If it throws, the batch fails.
    /// </summary>
    /// <param name="time">The batch that was written.</param>
    /// <param name="cancellationToken">Cancelled when the context stops at once.</param>
    protected internal virtual ValueTask PrepareAsync(BatchTime time, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>
    /// In two phases: makes a prepared batch visible, for good. A start after a crash may call it for a batch that is
    /// already published; it must then do nothing. Retry failures that pass, such as a network that is down: the batch
    /// counts, so that the context stops if this throws, and the next start publishes the batch.
    /// </summary>
    /// <param name="time">The prepared batch.</param>
    /// <param name="cancellationToken">Cancelled when the context stops at once.</param>
    protected internal virtual ValueTask PublishAsync(BatchTime time, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>
    /// In two phases: removes what was written or prepared of a batch, at whatever point <see cref="WriteAsync"/> or
    /// <see cref="PrepareAsync"/> ended, and even if there is nothing to remove. The batch may be written again
    /// afterwards. If it throws, the context stops, and the next start aborts the batch again.
    /// </summary>
    /// <param name="time">The batch.</param>
    /// <param name="cancellationToken">Cancelled when the context stops at once.</param>
    protected internal virtual ValueTask AbortAsync(BatchTime time, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>
    /// In two phases: the batches that an earlier run has left prepared and unpublished, in any order. Called once, after
    /// <see cref="OpenAsync"/>; what was written and not prepared may be removed here.
    /// </summary>
    /// <param name="cancellationToken">Cancelled when the context stops at once.</param>
    protected internal virtual ValueTask<IReadOnlyList<BatchTime>> FindPreparedAsync(CancellationToken cancellationToken) => new([]);

    /// <summary>
    /// Writes what a restart needs to know of the batches written so far, such as the length of a file. The engine
    /// keeps it in the commit record of the batch, and in checkpoints. By default, and if this writes nothing, there is
    /// no position. Called after a batch was written, and in two phases prepared; it must be quick, because every batch
    /// waits for it.
    /// </summary>
    /// <param name="output">Receives the position.</param>
    protected internal virtual void SavePosition(IBufferWriter<byte> output)
    {
    }

    /// <summary>
    /// Reads the position as of the last batch that is done: what was written after it belongs to a batch that comes
    /// again. Called before <see cref="OpenAsync"/>, but not if there is no position.
    /// </summary>
    /// <param name="saved">What <see cref="SavePosition"/> wrote; valid during the call.</param>
    protected internal virtual void LoadPosition(ReadOnlySpan<byte> saved) =>
        throw new NotSupportedException($"{GetType().Name} has written a position and does not read one. Override LoadPosition too.");

    /// <summary>
    /// Called once when the context has stopped and no batch follows, if the sink was opened. Prepared batches stay.
    /// </summary>
    protected internal virtual ValueTask CloseAsync() => ValueTask.CompletedTask;
}

/// <summary>What a <see cref="Sink{T}"/> learns when it is opened.</summary>
public sealed class SinkContext
{
    internal SinkContext(StreamingContext streaming, string name)
    {
        Streaming = streaming;
        Name = name;
    }

    /// <summary>The context, for its options, <see cref="StreamingContext.Warn"/> and <see cref="StreamingContext.Fail"/>.</summary>
    public StreamingContext Streaming { get; }

    /// <summary>
    /// The name by which checkpoints know the sink, which is the same after a restart: the one given to
    /// <see cref="DStreamOperators.WriteTo"/>, or else the word for the output and its position among those with the
    /// same word, such as <c>OrderTable #1</c>.
    /// </summary>
    public string Name { get; }
}
