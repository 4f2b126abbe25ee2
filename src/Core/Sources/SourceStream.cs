using System.Buffers;

namespace FastStream.Runtime;

/// <summary>The stream of the records that a <see cref="Source{T}"/> gives. It holds nothing but the source.</summary>
/// <remarks>
/// Derive from it where the stream of a source needs members of its own; otherwise use
/// <see cref="StreamingContextOperators.FromSource"/>.
/// </remarks>
/// <typeparam name="T">The record.</typeparam>
public class SourceStream<T> : InputDStream<T>
{
    private readonly Source<T> _source;

    /// <summary>Describes the stream of a source.</summary>
    /// <param name="context">The context, which starts and stops the source.</param>
    /// <param name="source">The source; it can feed one stream.</param>
    /// <param name="operatorName">The word for the source in names, errors and listeners, such as <c>Kafka</c>.</param>
    /// <exception cref="InvalidOperationException">The source feeds a stream already, or the context has started.</exception>
    public SourceStream(StreamingContext context, Source<T> source, string operatorName)
        : base(context, operatorName)
    {
        ArgumentNullException.ThrowIfNull(source);
        _source = source;
        source.Attach(this);
    }

    internal SourceContext Source => SourceContext;

    internal void SaveRecords(InputBatch<T> batch, IBufferWriter<byte> output) => base.SaveBatch(batch, output);

    internal InputBatch<T> LoadRecords(BatchTime time, ReadOnlyMemory<byte> saved) => base.LoadBatch(time, saved);

    /// <inheritdoc/>
    protected internal sealed override ValueTask StartAsync(CancellationToken cancellationToken) => _source.StartAsync(cancellationToken);

    /// <inheritdoc/>
    protected internal sealed override ValueTask StopAsync() => _source.StopAsync();

    /// <inheritdoc/>
    protected internal sealed override ValueTask CloseAsync() => _source.CloseAsync();

    /// <inheritdoc/>
    protected internal sealed override InputBatch<T> Cut(BatchTime time) => _source.Cut(time);

    /// <inheritdoc/>
    protected internal sealed override void SaveBatch(InputBatch<T> batch, IBufferWriter<byte> output) => _source.SaveBatch(batch, output);

    /// <inheritdoc/>
    protected internal sealed override InputBatch<T> LoadBatch(BatchTime time, ReadOnlyMemory<byte> saved) =>
        _source.LoadBatch(time, saved);

    /// <inheritdoc/>
    protected internal sealed override void SavePosition(BatchTime time, IBufferWriter<byte> output) => _source.SavePosition(time, output);

    /// <inheritdoc/>
    protected internal sealed override void LoadPosition(ReadOnlySpan<byte> saved) => _source.LoadPosition(saved);

    /// <inheritdoc/>
    protected internal sealed override void OnBatchCommitted(BatchTime time) => _source.OnBatchCommitted(time);

    /// <inheritdoc/>
    protected internal sealed override bool HasEnded => _source.HasEnded;

    /// <inheritdoc/>
    protected internal sealed override bool IsBackpressured => _source.IsBackpressured;

    /// <inheritdoc/>
    protected internal sealed override SourceLag Lag => _source.Lag;

    /// <inheritdoc/>
    protected internal sealed override bool KeepsJournal => _source.KeepsJournal;

    /// <inheritdoc/>
    protected internal sealed override string? JournalSchema => _source.JournalSchema;
}
