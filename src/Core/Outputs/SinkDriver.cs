using System.Buffers;
using System.ComponentModel;

namespace FastStream.Runtime;

/// <summary>Calls one sink as the engine does, a step at a time and without a running context: for tests of sinks.</summary>
/// <remarks>Not thread safe. FastStream.TestKit's <c>SinkContract</c> is built on it.</remarks>
/// <typeparam name="T">The record.</typeparam>
/// <param name="sink">The sink; it belongs to the driver.</param>
/// <param name="context">The context that the sink is opened in; it need not run.</param>
/// <param name="name">The name by which checkpoints would know the sink.</param>
[EditorBrowsable(EditorBrowsableState.Advanced)]
public sealed class SinkDriver<T>(Sink<T> sink, StreamingContext context, string name)
{
    /// <inheritdoc cref="Sink{T}.IsTransactional"/>
    public bool IsTransactional => sink.IsTransactional;

    /// <inheritdoc cref="Sink{T}.OpenAsync"/>
    public ValueTask OpenAsync(CancellationToken cancellationToken) => sink.OpenAsync(new SinkContext(context, name), cancellationToken);

    /// <summary>Writes a batch of two partitions, each with one half of the records.</summary>
    /// <param name="time">The batch's time.</param>
    /// <param name="records">The records.</param>
    /// <param name="isReplay">The value of <see cref="Batch{T}.IsReplay"/>.</param>
    /// <param name="cancellationToken">Passed to the sink.</param>
    public async ValueTask WriteAsync(BatchTime time, ReadOnlyMemory<T> records, bool isReplay, CancellationToken cancellationToken)
    {
        int half = records.Length / 2;
        RecordBlocks<T>[] partitions = [BlocksOf(records[..half]), BlocksOf(records[half..])];
        var batchContext = new BatchContext(time, []) { IsReplay = isReplay };
        var batch = new Batch<T>(batchContext, time, partitions);
        try
        {
            await sink.WriteAsync(batch, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            batch.Release();
            batchContext.Release();
        }
    }

    /// <inheritdoc cref="Sink{T}.PrepareAsync"/>
    public ValueTask PrepareAsync(BatchTime time, CancellationToken cancellationToken) => sink.PrepareAsync(time, cancellationToken);

    /// <inheritdoc cref="Sink{T}.PublishAsync"/>
    public ValueTask PublishAsync(BatchTime time, CancellationToken cancellationToken) => sink.PublishAsync(time, cancellationToken);

    /// <inheritdoc cref="Sink{T}.AbortAsync"/>
    public ValueTask AbortAsync(BatchTime time, CancellationToken cancellationToken) => sink.AbortAsync(time, cancellationToken);

    /// <inheritdoc cref="Sink{T}.FindPreparedAsync"/>
    public ValueTask<IReadOnlyList<BatchTime>> FindPreparedAsync(CancellationToken cancellationToken) =>
        sink.FindPreparedAsync(cancellationToken);

    /// <inheritdoc cref="Sink{T}.SavePosition"/>
    public void SavePosition(IBufferWriter<byte> output) => sink.SavePosition(output);

    /// <inheritdoc cref="Sink{T}.LoadPosition"/>
    public void LoadPosition(ReadOnlySpan<byte> saved) => sink.LoadPosition(saved);

    /// <inheritdoc cref="Sink{T}.CloseAsync"/>
    public ValueTask CloseAsync() => sink.CloseAsync();

    private static RecordBlocks<T> BlocksOf(ReadOnlyMemory<T> records)
    {
        var blocks = new RecordBlocks<T>();
        blocks.Add(records.Span);
        blocks.Seal();
        return blocks;
    }
}
