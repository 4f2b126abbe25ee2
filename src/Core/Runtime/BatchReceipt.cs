namespace FastStream.Runtime;

/// <summary>
/// Tells whoever stored records what became of the batch that they are in: an input gives it to the batch (<see
/// cref="InputBatch.Receipt"/>) that has them. Safe from any thread; the first answer
/// counts.
/// </summary>
/// <remarks>
/// The context answers for every batch that it takes. An input that drops records, or stops with records that are in no batch, answers
/// for these itself by <see cref="Reject"/>.
/// </remarks>
public sealed class BatchReceipt
{
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>
    /// Done when the records count: their batch is planned on the disk, or done where there are no checkpoints. Faults when
    /// they never will.
    /// </summary>
    public Task Settled => _settled.Task;

    /// <summary>The records count.</summary>
    internal void Accept() => _settled.TrySetResult();

    /// <summary>The records are in no batch that counts, and never will be.</summary>
    /// <param name="why">What <see cref="Settled"/> faults with.</param>
    public void Reject(Exception why)
    {
        if (_settled.TrySetException(why))
        {
            _ = _settled.Task.Exception;   // whoever has given up waiting misses nothing
        }
    }
}
