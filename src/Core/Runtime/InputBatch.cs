namespace FastStream.Runtime;

/// <summary>
/// The records that one input gave for one batch, without the record type. Disposed when nothing needs the batch any
/// more; its blocks then return to the pool.
/// </summary>
public abstract class InputBatch : IDisposable
{
    /// <summary>
    /// Number of records if known without decoding; else -1, and the records are counted while the batch runs.
    /// </summary>
    public virtual long RecordCount => -1;

    /// <summary>Size in bytes where the input knows it, else 0.</summary>
    public virtual long SizeBytes => 0;

    /// <summary>The batch's origin for listeners to show, such as file names; null if there is none.</summary>
    public virtual string? Description => null;

    /// <summary>Receives the fate of the batch's records, where something waits for it; else null (default).</summary>
    public BatchReceipt? Receipt { get; init; }

    /// <summary>Releases the memory. Called once, when no output, slice or retry needs the batch any more.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases the memory.</summary>
    protected abstract void Dispose(bool disposing);
}

/// <summary>The records that one input gave for one batch.</summary>
/// <typeparam name="T">The record.</typeparam>
public abstract class InputBatch<T> : InputBatch
{
    /// <summary>
    /// Adds one partition's split to the output, which pushes it down the chain span by span. Different partitions run
    /// at the same time on different threads; a retried batch runs again, so a run must not consume the records.
    /// </summary>
    /// <param name="partition">Partition, from 0.</param>
    /// <param name="partitionCount">Number of partitions that the batch is split among.</param>
    /// <param name="output">Takes the records, in order.</param>
    public abstract void Run(int partition, int partitionCount, RecordBuffer<T> output);
}
