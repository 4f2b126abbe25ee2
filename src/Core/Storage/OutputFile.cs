using System.Buffers;

namespace FastStream.Runtime;

/// <summary>A file that is being written, on a disk or elsewhere. Used by one thread at a time.</summary>
public abstract class OutputFile : IBufferWriter<byte>, IAsyncDisposable
{
    /// <inheritdoc/>
    public abstract void Advance(int count);

    /// <inheritdoc/>
    public abstract Memory<byte> GetMemory(int sizeHint = 0);

    /// <inheritdoc/>
    public abstract Span<byte> GetSpan(int sizeHint = 0);

    /// <summary>
    /// Called now and then while records are written, about every 8,000: the place to send what is buffered, if it is enough.
    /// By itself nothing.
    /// </summary>
    /// <param name="cancellationToken">Cancelled when the context stops at once.</param>
    public virtual ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>All is written: when the task is done, a crash leaves the bytes where they are. Called once, before the file is
    /// disposed of.</summary>
    /// <param name="cancellationToken">Cancelled when the context stops at once.</param>
    /// <exception cref="IOException">The bytes did not get there.</exception>
    public abstract ValueTask CompleteAsync(CancellationToken cancellationToken);

    /// <summary>Gives back what the file holds; where it is not complete, what was written is nobody's.</summary>
    public abstract ValueTask DisposeAsync();
}
