using System.Buffers;
using FastStream.Runtime;

namespace FastStream.Runtime;

/// <summary>The root of a stream: at every tick, it cuts what has arrived since the last batch into a new batch.</summary>
/// <remarks>
/// To add a source, derive from <see cref="Source{T}"/>, which keeps the source apart from the description of its
/// stream, or from a receiver in FastStream.Ingest; docs/recipes.md shows how. Derive from this class where one object
/// should be both.
/// </remarks>
/// <typeparam name="T">The record.</typeparam>
public abstract class InputDStream<T> : DStream<T>, IInputStream
{
    private IRecordSerializer<T>? _serializer;   // created on first use: an input with a log of its own needs none

    /// <summary>Describes an input of the context.</summary>
    protected InputDStream(StreamingContext context, string operatorName)
        : base(context, operatorName)
    {
        SourceContext = new SourceContext(this);
        context.AddInput(this);
    }

    /// <summary>Reports the input's events to its context and to the context's listeners.</summary>
    protected SourceContext SourceContext { get; }

    /// <summary>Called once when the context starts, before the first batch. Must not wait for data.</summary>
    /// <param name="cancellationToken">Cancelled when the context stops at once.</param>
    protected internal virtual ValueTask StartAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>
    /// Called once when the context stops. The input stops receiving; the next <see cref="Cut"/> must return everything
    /// received so far.
    /// </summary>
    protected internal virtual ValueTask StopAsync() => ValueTask.CompletedTask;

    /// <summary>
    /// Called once, as the last call: no batch runs any more and no <see cref="Cut"/> follows. Releases what was
    /// received but never cut.
    /// </summary>
    protected internal virtual ValueTask CloseAsync() => ValueTask.CompletedTask;

    /// <summary>
    /// Returns what has arrived until now. One thread calls it, once for each batch, in time order. Must be quick and
    /// must not wait.
    /// </summary>
    protected internal abstract InputBatch<T> Cut(BatchTime time);

    /// <summary>
    /// Where the context has checkpoints: logs the content of a batch, so that <see cref="LoadBatch"/> returns the same
    /// batch after a crash. By default, writes all its records; an input with a log or files of its own writes their
    /// position instead. Called by one thread after <see cref="Cut"/>, before the batch runs.
    /// </summary>
    protected internal virtual void SaveBatch(InputBatch<T> batch, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(output);
        RecordedBatch.Save(batch, PartitionCount, Serializer, output);
    }

    /// <summary>
    /// Rebuilds the batch that <see cref="SaveBatch"/> logged. Called before <see cref="StartAsync"/>, in time order,
    /// for the batches after the checkpoint.
    /// </summary>
    protected internal virtual InputBatch<T> LoadBatch(BatchTime time, ReadOnlyMemory<byte> saved)
    {
        if (RecordedBatch.TakeSchema(ref saved) is { } schema && SchemaMatch.Difference(schema, Serializer.Schema) is { } difference)
        {
            throw new OtherSchemaException(Name, difference);
        }

        return RecordedBatch.Load(saved, Serializer);
    }

    /// <summary>
    /// Where the context has checkpoints: writes the input's position as of the last batch in a checkpoint, for example
    /// what it has already read. By default, writes the position of its journal if it has one, else nothing.
    /// </summary>
    /// <param name="time">The last batch that the checkpoint includes.</param>
    /// <param name="output">Takes the bytes.</param>
    protected internal virtual void SavePosition(BatchTime time, IBufferWriter<byte> output) =>
        SourceContext.Journal?.SavePosition(time, output);

    /// <summary>
    /// Resumes from the position that <see cref="SavePosition"/> wrote. Called before <see cref="LoadBatch"/> and
    /// <see cref="StartAsync"/>; not called on a first start.
    /// </summary>
    protected internal virtual void LoadPosition(ReadOnlySpan<byte> saved) => SourceContext.Journal?.LoadPosition(saved);

    /// <summary>
    /// The batch is final: its outputs have run, or the context gave it up, and where the context has checkpoints, that
    /// fact is on disk. No run of the program processes the batch again, so the input may acknowledge its records to an
    /// outside system. A thread that runs batches calls this in time order, for each batch of the input. Must be quick.
    /// By default, does nothing.
    /// </summary>
    /// <param name="time">The batch; all batches before it are final too.</param>
    protected internal virtual void OnBatchCommitted(BatchTime time)
    {
    }

    /// <summary>
    /// The serializer that the context uses for records of this type in checkpoints and journals. Available only where
    /// the context has <see cref="StreamingOptions.Checkpoint"/>.
    /// </summary>
    protected internal IRecordSerializer<T> Serializer => _serializer ??= Context.Options.Checkpoint!.Serializers.Of<T>();

    /// <summary>
    /// Whether the input has given all its records: every later <see cref="Cut"/> would be empty. Read after each cut,
    /// by the same thread, where <see cref="StreamingOptions.StopWhenInputsEnd"/> is set. By default false: the input
    /// never ends. An input that ends with an error throws it from its next cut.
    /// </summary>
    protected internal virtual bool HasEnded => false;

    /// <summary>
    /// Whether the input accepts nothing more until a batch releases buffer space. A batch cut now would hold little,
    /// and delaying the cut loses nothing. By default false. One thread reads it before each cut: must be quick.
    /// </summary>
    protected internal virtual bool IsBackpressured => false;

    /// <summary>
    /// How far the input is behind the end of what it reads, as of its last cut, for <see cref="InputInfo.Lag"/>. By
    /// default unknown. The same thread reads it after each cut: must be quick, and must not call an outside system.
    /// </summary>
    protected internal virtual SourceLag Lag => default;

    /// <summary>
    /// Whether the input writes what it receives into a journal, <see cref="Runtime.SourceContext.Journal"/>, where the
    /// context has checkpoints and a <see cref="CheckpointOptions.ReceiverJournal"/>. By default false: an input whose
    /// source can be read again needs no journal.
    /// </summary>
    protected internal virtual bool KeepsJournal => false;

    /// <summary>
    /// Describes how journal entries are written: another run reads them only if its text is the same. By default null,
    /// for bytes as received.
    /// </summary>
    protected internal virtual string? JournalSchema => null;

    /// <inheritdoc/>
    protected internal sealed override void Connect(GraphBuilder graph, Operator<T>[] outputs)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(outputs);
        for (int partition = 0; partition < outputs.Length; partition++)
        {
            graph.AddInputRoot(this, partition, new InputRoot<T>(this, partition, outputs[partition]));
        }
    }

    bool IInputStream.IsBackpressured => IsBackpressured;

    bool IInputStream.HasEnded => HasEnded;

    SourceLag IInputStream.Lag => Lag;

    async ValueTask IInputStream.StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            // An input that did not start is not closed.
            await CloseJournalAsync().ConfigureAwait(false);
            throw;
        }
    }

    ValueTask IInputStream.StopAsync() => StopAsync();

    async ValueTask IInputStream.CloseAsync()
    {
        try
        {
            await CloseAsync().ConfigureAwait(false);
        }
        finally
        {
            await CloseJournalAsync().ConfigureAwait(false);
        }
    }

    void IInputStream.SaveBatch(InputBatch batch, IBufferWriter<byte> output) => SaveBatch((InputBatch<T>)batch, output);

    InputBatch IInputStream.LoadBatch(BatchTime time, ReadOnlyMemory<byte>? saved) =>
        saved is { } bytes ? LoadBatch(time, bytes) : RecordInputBatch.Empty<T>();

    void IInputStream.SavePosition(BatchTime time, IBufferWriter<byte> output) => SavePosition(time, output);

    void IInputStream.LoadPosition(ReadOnlySpan<byte> saved) => LoadPosition(saved);

    void IInputStream.OnBatchCommitted(BatchTime time) => OnBatchCommitted(time);

    bool IInputStream.HasJournal => SourceContext.Journal is not null;

    void IInputStream.UseJournal(string directory)
    {
        if (KeepsJournal)
        {
            SourceContext.Journal = new ReceiverJournal(
                directory, Name, Context.Options.Checkpoint!.ReceiverJournal, Context.Fail, JournalSchema);
        }
    }

    void IInputStream.RetireJournal(BatchTime oldestKept) => SourceContext.Journal?.Retire(oldestKept);

    InputBatch IInputStream.Cut(BatchTime time) =>
        Cut(time) ?? throw new InvalidOperationException(
            $"{Name} gave no batch at {time}. Cut must return an empty batch where nothing has arrived.");

    private ValueTask CloseJournalAsync() => SourceContext.Journal?.CloseAsync() ?? ValueTask.CompletedTask;
}
