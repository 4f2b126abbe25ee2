using System.Buffers;

namespace FastStream;

/// <summary>
/// An output with a life of its own, such as one with a connection or files: derive from it, and give it to
/// <see cref="DStreamOperators.WriteTo"/>. Opened before the first batch and closed after the last.
/// </summary>
/// <remarks>
/// <para>
/// Calls come one at a time. A batch's time is its identity: after a crash, a batch that was planned but whose end is not known comes again
/// with the same time and <see cref="Batch{T}.IsReplay"/>, so that a sink which keeps the time beside its data neither loses
/// nor repeats it.
/// A batch that fails is written again where <see cref="StreamingOptions.BatchRetries"/> says so.
/// </para>
/// <para>
/// Where what was written can be held back until it is known to count, a sink does so in two phases (<see cref="IsTransactional"/>), and
/// puts every batch out exactly once without comparing times:
/// </para>
/// <code>
/// WriteAsync(t)     writes the batch where no reader sees it
/// PrepareAsync(t)   brings it to where a crash leaves it, still unseen
///                   | the engine writes down that the batch is done
/// PublishAsync(t)   makes it seen: must succeed, now or after a restart
/// AbortAsync(t)     in place of these two: the batch failed, or is tried again
/// </code>
/// <para>
/// A start asks for what an earlier run has left prepared (<see cref="FindPreparedAsync"/>) and publishes or aborts each, as the batch was
/// written down or not. Without checkpoints nothing is written down: what was left prepared is aborted.
/// </para>
/// <para>To test one, let your test project derive from <c>SinkContract</c> of FastStream.TestKit.</para>
/// </remarks>
/// <typeparam name="T">The record.</typeparam>
public abstract class Sink<T>
{
    /// <summary>Whether it writes in two phases. By itself false: what <see cref="WriteAsync"/> has written counts at once.</summary>
    protected internal virtual bool IsTransactional => false;

    /// <summary>
    /// Called once when the context starts, before inputs do; must be quick: what takes long is begun here and waited for by
    /// <see cref="WriteAsync"/>. What it throws, the start throws.
    /// </summary>
    /// <param name="context">Where it is opened.</param>
    /// <param name="cancellationToken">Cancelled when the context stops at once.</param>
    protected internal virtual ValueTask OpenAsync(SinkContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>
    /// Writes a batch. It counts as put out when the task is done, in two phases when it is published. What it throws fails the batch.
    /// </summary>
    /// <param name="batch">The batch, valid until the task is done; also an empty one.</param>
    /// <param name="cancellationToken">Cancelled when the context stops at once.</param>
    protected internal abstract ValueTask WriteAsync(Batch<T> batch, CancellationToken cancellationToken);

    /// <summary>
    /// In two phases, after <see cref="WriteAsync"/>: when the task is done a crash leaves all of the batch there, and no reader sees it.
    /// What it throws fails the batch.
    /// </summary>
    /// <param name="time">The batch that was written.</param>
    /// <param name="cancellationToken">Cancelled when the context stops at once.</param>
    protected internal virtual ValueTask PrepareAsync(BatchTime time, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>
    /// In two phases: makes a prepared batch seen, for good. It may be called for a batch that is published already, by a start after a
    /// crash, and then does nothing. Retry what passes, such as a network that is down: the batch counts, so that what this throws stops
    /// the context, and the next start publishes the batch.
    /// </summary>
    /// <param name="time">The prepared batch.</param>
    /// <param name="cancellationToken">Cancelled when the context stops at once.</param>
    protected internal virtual ValueTask PublishAsync(BatchTime time, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>
    /// In two phases: does away with what was written or prepared of a batch, wherever <see cref="WriteAsync"/> or
    /// <see cref="PrepareAsync"/> has ended, and also where nothing is there. The batch may be written again after it. What it throws stops
    /// the context, and the next start aborts the batch again.
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
    /// Writes what a restart needs to know of the batches written so far, such as the length of a file: it is kept with the mark that the
    /// batch is done, and with checkpoints. By itself, or where it writes nothing, there is no position. After a batch was written, and in
    /// two phases prepared; quick, as every batch waits for it.
    /// </summary>
    /// <param name="output">Where to.</param>
    protected internal virtual void SavePosition(IBufferWriter<byte> output)
    {
    }

    /// <summary>
    /// Takes in the position as of the last batch that is done: what was written after it belongs to a batch that comes again. Before
    /// <see cref="OpenAsync"/>; not called where there is no position.
    /// </summary>
    /// <param name="saved">What <see cref="SavePosition"/> wrote; valid during the call.</param>
    protected internal virtual void LoadPosition(ReadOnlySpan<byte> saved) =>
        throw new NotSupportedException($"{GetType().Name} has written a position and does not read one. Override LoadPosition too.");

    /// <summary>Called once when the context has stopped and no batch follows, if it was opened. What is prepared stays.</summary>
    protected internal virtual ValueTask CloseAsync() => ValueTask.CompletedTask;
}

/// <summary>Where a <see cref="Sink{T}"/> is opened.</summary>
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
    /// <see cref="DStreamOperators.WriteTo"/>, else the word for the output and its place among those of the same word, such as
    /// <c>OrderTable #1</c>.
    /// </summary>
    public string Name { get; }
}
