using System.Buffers;
using FastStream.Runtime;

namespace FastStream.Runtime;

/// <summary>A stream's root: what has arrived since the last batch is cut off at every tick.</summary>
/// <remarks>
/// To add a source, derive from <see cref="Source{T}"/>, which is apart from the description (or from a receiver in FastStream.Ingest);
/// docs/recipes.md shows how. Derive from this where description
/// and source are better one object.
/// </remarks>
/// <typeparam name="T">The record.</typeparam>
public abstract class InputDStream<T> : DStream<T>, IInputStream
{
    private IRecordSerializer<T>? _serializer;   // made when first asked for: an input with a log of its own needs none

    /// <summary>Describes an input of the context.</summary>
    protected InputDStream(StreamingContext context, string operatorName)
        : base(context, operatorName)
    {
        SourceContext = new SourceContext(this);
        context.AddInput(this);
    }

    /// <summary>By what the input tells its context, and the context's listeners, what happens to it.</summary>
    protected SourceContext SourceContext { get; }

    /// <summary>Called once when the context starts, before the first batch; must not wait for data.</summary>
    /// <param name="cancellationToken">Cancelled when the context stops at once.</param>
    protected internal virtual ValueTask StartAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>
    /// Called once when the context stops: end receiving; all that was received must be given by the next
    /// <see cref="Cut"/>.
    /// </summary>
    protected internal virtual ValueTask StopAsync() => ValueTask.CompletedTask;

    /// <summary>
    /// Called once, last: no batch runs any more and no <see cref="Cut"/> follows. Gives back what was received and
    /// never cut.
    /// </summary>
    protected internal virtual ValueTask CloseAsync() => ValueTask.CompletedTask;

    /// <summary>
    /// Hands over what has arrived until now; called by one thread, once for each batch, in time order; must be quick
    /// and must not wait.
    /// </summary>
    protected internal abstract InputBatch<T> Cut(BatchTime time);

    /// <summary>
    /// Where the context has checkpoints: writes down what a batch is made of, so that <see cref="LoadBatch"/> gives
    /// the same one after a crash. By default all its records; an input with a log or files of its own writes where
    /// they are. Called by one thread after <see cref="Cut"/>, before the batch runs.
    /// </summary>
    protected internal virtual void SaveBatch(InputBatch<T> batch, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(output);
        RecordedBatch.Save(batch, PartitionCount, Serializer, output);
    }

    /// <summary>
    /// The batch that <see cref="SaveBatch"/> wrote down. Called before <see cref="StartAsync"/>, in time order, for
    /// the batches after the checkpoint.
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
    /// Where the context has checkpoints: writes down how far the input is, as of the batches up to a checkpoint, such as what it has
    /// read already. By default where its journal is, else nothing.
    /// </summary>
    /// <param name="time">The last batch that the checkpoint counts.</param>
    /// <param name="output">Takes the bytes.</param>
    protected internal virtual void SavePosition(BatchTime time, IBufferWriter<byte> output) =>
        SourceContext.Journal?.SavePosition(time, output);

    /// <summary>
    /// Goes on from where <see cref="SavePosition"/> was. Called before <see cref="LoadBatch"/> and
    /// <see cref="StartAsync"/>; not for a first start.
    /// </summary>
    protected internal virtual void LoadPosition(ReadOnlySpan<byte> saved) => SourceContext.Journal?.LoadPosition(saved);

    /// <summary>
    /// A batch is done with: its outputs have run, or it was given up, and where the context has checkpoints that is on
    /// the disk. No run of the program takes it up again, so that a source outside may be told how far its records
    /// count. Called in time order, for each batch of the input, by one thread that runs batches: must be quick. By
    /// default nothing.
    /// </summary>
    /// <param name="time">The batch; all before it are done with too.</param>
    protected internal virtual void OnBatchCommitted(BatchTime time)
    {
    }

    /// <summary>
    /// How the context writes records of this type into checkpoints and journals. Only where it has <see
    /// cref="StreamingOptions.Checkpoint"/>.
    /// </summary>
    protected internal IRecordSerializer<T> Serializer => _serializer ??= Context.Options.Checkpoint!.Serializers.Of<T>();

    /// <summary>
    /// Whether the input has given all that it ever will: every later <see cref="Cut"/> would be empty. Asked after
    /// each cut, by the same thread, where
    /// <see cref="StreamingOptions.StopWhenInputsEnd"/> is set. By default false: it never ends. An input that ends by
    /// an error throws it from its next cut.
    /// </summary>
    protected internal virtual bool HasEnded => false;

    /// <summary>
    /// Whether the input takes nothing more before a batch gives room back: what is cut then holds little, and waiting with the cut
    /// loses nothing. By default false. Asked before each cut by one
    /// thread: must be quick.
    /// </summary>
    protected internal virtual bool IsBackpressured => false;

    /// <summary>
    /// How far the input is behind the end of what it reads, as of its last cut, for <see cref="InputInfo.Lag"/>. By default not known.
    /// Asked after each cut by the same thread: must be quick, and
    /// must not ask anything outside.
    /// </summary>
    protected internal virtual SourceLag Lag => default;

    /// <summary>
    /// Whether what is received goes into a journal where the context has checkpoints and a <see
    /// cref="CheckpointOptions.ReceiverJournal"/>: <see cref="Runtime.SourceContext.Journal"/>. By default
    /// false: an input whose source can be read again needs none.
    /// </summary>
    protected internal virtual bool KeepsJournal => false;

    /// <summary>
    /// How entries of the journal are written: another run must have the same text to read them. By default null, for bytes as they
    /// came.
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
