namespace FastStream;

/// <summary>
/// Tells whoever stored records what became of the batch that they are in. Safe from any thread; the first answer counts.
/// </summary>
internal sealed class BatchReceipt
{
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>
    /// Done when the records count: their batch is planned on the disk, or done where there are no checkpoints. Faults when
    /// they never will.
    /// </summary>
    public Task Settled => _settled.Task;

    /// <summary>The records count.</summary>
    public void Accept() => _settled.TrySetResult();

    /// <summary>The records are in no batch that counts.</summary>
    public void Reject(Exception why)
    {
        if (_settled.TrySetException(why))
        {
            _ = _settled.Task.Exception;   // whoever has given up waiting misses nothing
        }
    }
}
