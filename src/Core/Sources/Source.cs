using System.Buffers;

namespace FastStream.Runtime;

/// <summary>
/// A source of records with a position: an object separate from the description of its stream. Derive from it,
/// implement <see cref="Cut"/>, and pass it to <see cref="StreamingContextOperators.FromSource"/>.
/// </summary>
/// <remarks>
/// The context calls, in this order: <see cref="LoadPosition"/> and <see cref="LoadBatch"/> where it resumes from a
/// checkpoint; <see cref="StartAsync"/>; for each batch <see cref="IsBackpressured"/>, <see cref="Cut"/>,
/// <see cref="Lag"/>, <see cref="HasEnded"/> and, where it has checkpoints, <see cref="SaveBatch"/>, by one thread in
/// time order; <see cref="StopAsync"/>; a last <see cref="Cut"/> in a graceful stop; <see cref="CloseAsync"/>.
/// <see cref="SavePosition"/> is called by the thread that cuts, after the <see cref="SaveBatch"/> of a batch that a
/// checkpoint is due at, and never during a <see cref="Cut"/>: what it writes is as of the batch cut last. It is also
/// called once before the first cut of a first start, and once after the last cut of a graceful stop.
/// <see cref="OnBatchCommitted"/> is called by the thread that runs batches, while the next ones are cut: it needs a
/// lock for what it shares with the others. An exception from one of these fails the step that called it: a cut that
/// throws is attempted again with the next batch, a load that throws fails the start. Derive a test from
/// <c>SourceContract</c> of FastStream.TestKit: it checks this contract.
/// </remarks>
/// <example><code>
/// sealed class Numbers(int perBatch) : Source&lt;long&gt;
/// {
///     private long _next;   // all before it are in a batch
///
///     protected override InputBatch&lt;long&gt; Cut(BatchTime time)
///     {
///         _next += perBatch;
///         return Batch(_next);
///     }
///
///     // A batch is logged as its position, not as its records; loading it advances the source.
///     protected override void SaveBatch(InputBatch&lt;long&gt; batch, IBufferWriter&lt;byte&gt; output) =>
///         new StateWriter(output).WriteInt64(((RecordInputBatch&lt;long&gt;)batch).Blocks[0].Span[^1] + 1);
///
///     protected override InputBatch&lt;long&gt; LoadBatch(BatchTime time, ReadOnlyMemory&lt;byte&gt; saved)
///     {
///         LoadPosition(saved.Span);
///         return Batch(_next);
///     }
///
///     protected override void SavePosition(BatchTime time, IBufferWriter&lt;byte&gt; output) => new StateWriter(output).WriteInt64(_next);
///
///     protected override void LoadPosition(ReadOnlySpan&lt;byte&gt; saved) =>
///         _next = new StateReader(saved, $"the position of {Context.Name}").ReadNatural();
///
///     private RecordInputBatch&lt;long&gt; Batch(long end) => RecordInputBatch.Of([.. Enumerable.Range(0, perBatch).Select(i => end -
/// perBatch + i)]);
/// }
///
/// context.FromSource(new Numbers(100)).Print();
/// </code></example>
/// <typeparam name="T">The record.</typeparam>
public abstract class Source<T>
{
    private SourceStream<T>? _stream;   // set once the source belongs to a stream

    /// <summary>The program that runs the source.</summary>
    /// <exception cref="InvalidOperationException">The source belongs to no stream yet.</exception>
    protected SourceContext Context => Stream.Source;

    /// <summary>
    /// The serializer that the context uses for records of this type in checkpoints and journals. Available only where
    /// the context has <see cref="StreamingOptions.Checkpoint"/>.
    /// </summary>
    protected IRecordSerializer<T> Serializer => Stream.Serializer;

    private SourceStream<T> Stream => _stream
        ?? throw new InvalidOperationException($"The source {GetType().Name} belongs to no stream. Give it to context.FromSource first.");

    /// <inheritdoc cref="InputDStream{T}.StartAsync"/>
    protected internal virtual ValueTask StartAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <inheritdoc cref="InputDStream{T}.StopAsync"/>
    protected internal virtual ValueTask StopAsync() => ValueTask.CompletedTask;

    /// <inheritdoc cref="InputDStream{T}.CloseAsync"/>
    protected internal virtual ValueTask CloseAsync() => ValueTask.CompletedTask;

    /// <inheritdoc cref="InputDStream{T}.Cut"/>
    protected internal abstract InputBatch<T> Cut(BatchTime time);

    /// <inheritdoc cref="InputDStream{T}.SaveBatch"/>
    protected internal virtual void SaveBatch(InputBatch<T> batch, IBufferWriter<byte> output) => Stream.SaveRecords(batch, output);

    /// <inheritdoc cref="InputDStream{T}.LoadBatch"/>
    protected internal virtual InputBatch<T> LoadBatch(BatchTime time, ReadOnlyMemory<byte> saved) => Stream.LoadRecords(time, saved);

    /// <inheritdoc cref="InputDStream{T}.SavePosition"/>
    protected internal virtual void SavePosition(BatchTime time, IBufferWriter<byte> output) => Context.Journal?.SavePosition(time, output);

    /// <inheritdoc cref="InputDStream{T}.LoadPosition"/>
    protected internal virtual void LoadPosition(ReadOnlySpan<byte> saved) => Context.Journal?.LoadPosition(saved);

    /// <inheritdoc cref="InputDStream{T}.OnBatchCommitted"/>
    protected internal virtual void OnBatchCommitted(BatchTime time)
    {
    }

    /// <inheritdoc cref="InputDStream{T}.HasEnded"/>
    protected internal virtual bool HasEnded => false;

    /// <inheritdoc cref="InputDStream{T}.IsBackpressured"/>
    protected internal virtual bool IsBackpressured => false;

    /// <inheritdoc cref="InputDStream{T}.Lag"/>
    protected internal virtual SourceLag Lag => default;

    /// <inheritdoc cref="InputDStream{T}.KeepsJournal"/>
    protected internal virtual bool KeepsJournal => false;

    /// <inheritdoc cref="InputDStream{T}.JournalSchema"/>
    protected internal virtual string? JournalSchema => null;

    /// <summary>Makes the source feed this stream from now on.</summary>
    /// <exception cref="InvalidOperationException">It feeds another one.</exception>
    internal void Attach(SourceStream<T> stream)
    {
        if (Interlocked.CompareExchange(ref _stream, stream, null) is { } other)
        {
            throw new InvalidOperationException(
                $"The source {GetType().Name} feeds {other.Name} already. Make one source for each stream.");
        }
    }
}
