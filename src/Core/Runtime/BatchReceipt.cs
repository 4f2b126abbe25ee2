namespace FastStream.Runtime;

/// <summary>
/// Tells the party that stored records what became of their batch. An input attaches the receipt to the batch that
/// contains the records (<see cref="InputBatch.Receipt"/>). Safe from any thread; the first answer counts.
/// </summary>
/// <remarks>
/// The context answers for every batch that it takes. An input that drops records, or stops with records that are in no
/// batch, must answer for them itself with <see cref="Reject"/>.
/// </remarks>
public sealed class BatchReceipt
{
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>
    /// Completes when the records are safe: the intent record of their batch is on disk, or, without checkpoints, the
    /// batch is done. Faults when that can no longer happen.
    /// </summary>
    public Task Settled => _settled.Task;

    /// <summary>Completes <see cref="Settled"/>.</summary>
    internal void Accept() => _settled.TrySetResult();

    /// <summary>Fails <see cref="Settled"/>: the records are in no committed batch, and never will be.</summary>
    /// <param name="why">The exception of <see cref="Settled"/>.</param>
    public void Reject(Exception why)
    {
        if (_settled.TrySetException(why))
        {
            _ = _settled.Task.Exception;   // observed here, in case nothing awaits the task any more
        }
    }
}
