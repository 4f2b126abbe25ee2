namespace FastStream;

/// <summary>Holds a batch until it is disposed; made by <see cref="Batch{T}.Retain"/>. Safe from any thread.</summary>
/// <typeparam name="T">The record.</typeparam>
public sealed class BatchLease<T> : IDisposable
{
    private Batch<T>? _batch;   // null once disposed

    internal BatchLease(Batch<T> batch) => _batch = batch;

    /// <summary>The batch.</summary>
    /// <exception cref="ObjectDisposedException">The lease was disposed.</exception>
    public Batch<T> Batch
    {
        get
        {
            Batch<T>? batch = Volatile.Read(ref _batch);
            ObjectDisposedException.ThrowIf(batch is null, this);
            return batch;
        }
    }

    /// <summary>Releases the batch; the last holder's release frees its memory. A second call does nothing.</summary>
    public void Dispose() => Interlocked.Exchange(ref _batch, null)?.Release();
}
