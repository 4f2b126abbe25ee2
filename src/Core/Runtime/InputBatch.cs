namespace FastStream.Runtime;

/// <summary>
/// What one input gave for one batch, without the record type. Disposed once the batch is done with: its blocks go back
/// to the pool.
/// </summary>
public abstract class InputBatch : IDisposable
{
    /// <summary>Number of records if known without decoding, else -1: then they are counted while the batch runs.</summary>
    public virtual long RecordCount => -1;

    /// <summary>Size in bytes where the input knows it, else 0.</summary>
    public virtual long SizeBytes => 0;

    /// <summary>What listeners may show of this batch's origin, such as file names; null when there is nothing to say.</summary>
    public virtual string? Description => null;

    /// <summary>Told when the batch's records count, where somebody waits to hear it; else null (default).</summary>
    public BatchReceipt? Receipt { get; init; }

    /// <summary>Gives the memory back. Called once, when no output, slice or retry needs the batch any more.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives the memory back.</summary>
    protected abstract void Dispose(bool disposing);
}

/// <summary>What one input gave for one batch.</summary>
/// <typeparam name="T">The record.</typeparam>
public abstract class InputBatch<T> : InputBatch
{
    /// <summary>
    /// Adds one partition's share to the output, which hands it to the chain span by span.
    /// Different partitions run at the same time on different threads; a retried batch runs again, so nothing may be used up.
    /// </summary>
    /// <param name="partition">Partition, from 0.</param>
    /// <param name="partitionCount">Number of partitions that the batch is shared among.</param>
    /// <param name="output">Takes the records, in order.</param>
    public abstract void Run(int partition, int partitionCount, RecordBuffer<T> output);
}
