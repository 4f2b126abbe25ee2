using System.Buffers;

namespace FastStream.Runtime;

/// <summary>A file being written, on a disk or elsewhere. One thread uses it at a time.</summary>
public abstract class OutputFile : IBufferWriter<byte>, IAsyncDisposable
{
    /// <inheritdoc/>
    public abstract void Advance(int count);

    /// <inheritdoc/>
    public abstract Memory<byte> GetMemory(int sizeHint = 0);

    /// <inheritdoc/>
    public abstract Span<byte> GetSpan(int sizeHint = 0);

    /// <summary>
    /// Called about every 8,000 records during writing: send the buffered bytes if there are enough of them. By
    /// default, does nothing.
    /// </summary>
    /// <param name="cancellationToken">Cancelled when the context stops at once.</param>
    public virtual ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>
    /// Completes the file: when the task completes, the bytes survive a crash. Called once, before the file is disposed
    /// of.
    /// </summary>
    /// <param name="cancellationToken">Cancelled when the context stops at once.</param>
    /// <exception cref="IOException">The bytes could not be stored.</exception>
    public abstract ValueTask CompleteAsync(CancellationToken cancellationToken);

    /// <summary>Releases what the file holds; an incomplete file is abandoned.</summary>
    public abstract ValueTask DisposeAsync();
}
