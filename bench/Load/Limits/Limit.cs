namespace FastStream.Bench.Load;

/// <summary>
/// The fastest hand-written loop that we know for a workload: the upper bound that the engine is compared with. It sees
/// whole lines only, one thread calls it, and once warm it allocates nothing per record.
/// </summary>
internal abstract unsafe class Limit : IDisposable
{
    /// <summary>
    /// Handles whole lines of the current batch; the last byte is a line feed. <see cref="NativeBuffer.PaddingBytes"/>
    /// bytes behind <paramref name="end"/> can be read. The lines are as the generators write them: a loop checks what it
    /// must know, not what cannot be.
    /// </summary>
    public abstract void Process(byte* start, byte* end);

    /// <summary>The checksum of the batch's results; forgets the batch.</summary>
    public abstract Checksum EndBatch();

    /// <summary>Frees the tables.</summary>
    public virtual void Dispose()
    {
    }
}
