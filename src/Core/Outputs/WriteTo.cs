namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// Hands every batch of the stream, also an empty one, to a writer, which is opened before the first batch and
    /// closed after the last.
    /// </summary>
    /// <example><code>orders.WriteTo(new OrderTable());</code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="writer">The writer; for this output alone.</param>
    /// <param name="operatorName">The word for the output in errors and listeners; default (null) the name of the writer's type.</param>
    public static OutputOperation WriteTo<T>(this DStream<T> stream, BatchWriter<T> writer, string? operatorName = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(writer);
        return new WriterOutput<T>(stream, operatorName ?? writer.GetType().Name, writer);
    }
}

/// <summary>
/// An output that must be opened before the first batch and closed after the last, such as one with a connection:
/// derive from it, and give it to <see cref="DStreamOperators.WriteTo"/>.
/// </summary>
/// <remarks>
/// Calls come one at a time. A batch's time is its identity: after a crash, a batch that was planned but whose end is
/// not known comes again with the same time and <see cref="Batch{T}.IsReplay"/>, so that a writer which keeps the time
/// beside its data neither loses nor repeats it. A batch that fails is written again where
/// <see cref="StreamingOptions.BatchRetries"/> says so.
/// </remarks>
/// <typeparam name="T">The record.</typeparam>
public abstract class BatchWriter<T>
{
    /// <summary>
    /// Called once when the context starts, before inputs do; must be quick: what takes long is begun here and waited
    /// for by <see cref="WriteAsync"/>. What it throws, the start throws.
    /// </summary>
    /// <param name="cancellationToken">Cancelled when the context stops at once.</param>
    protected internal virtual ValueTask OpenAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Writes a batch; it counts as put out when the task is done. What it throws fails the batch.</summary>
    /// <param name="batch">The batch, valid until the task is done; also an empty one.</param>
    /// <param name="cancellationToken">Cancelled when the context stops at once.</param>
    protected internal abstract ValueTask WriteAsync(Batch<T> batch, CancellationToken cancellationToken);

    /// <summary>Called once when the context has stopped and no batch follows, if it was opened.</summary>
    protected internal virtual ValueTask CloseAsync() => ValueTask.CompletedTask;
}

internal sealed class WriterOutput<T>(DStream<T> stream, string operatorName, BatchWriter<T> writer)
    : BatchOutput<T>(stream, operatorName, writer.WriteAsync)
{
    private bool _isOpen;   // its opening was begun

    internal override ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        _isOpen = true;
        return writer.OpenAsync(cancellationToken);
    }

    internal override ValueTask CloseAsync() => _isOpen ? writer.CloseAsync() : ValueTask.CompletedTask;
}
