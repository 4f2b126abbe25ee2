namespace FastStream;

/// <summary>
/// The batches that have begun and are not complete; a stop leaves them behind if they do not end. Safe from any
/// thread.
/// </summary>
internal sealed class RunningBatches
{
    private readonly Lock _lock = new();                // guards _batches
    private readonly List<BatchContext> _batches = [];    // in order of time

    public void Add(BatchContext batch)
    {
        lock (_lock)
        {
            _batches.Add(batch);
        }
    }

    /// <summary>Replaces the batch by its next attempt.</summary>
    public void Replace(BatchContext batch, BatchContext next)
    {
        lock (_lock)
        {
            _batches[_batches.IndexOf(batch)] = next;
        }
    }

    public void Remove(BatchContext batch)
    {
        lock (_lock)
        {
            _batches.Remove(batch);
        }
    }

    /// <summary>Leaves the batches behind: none may have any further effect.</summary>
    /// <param name="failureOf">Gives the reason why a batch is not done.</param>
    /// <param name="completed">Receives the failure of each, in order.</param>
    public void LeaveBehind(Func<BatchTime, StreamingException> failureOf, CompletionWaiters completed)
    {
        BatchContext[] batches;
        lock (_lock)
        {
            batches = [.. _batches];
        }

        foreach (BatchContext batch in batches)
        {
            StreamingException failure = failureOf(batch.Time);
            batch.LeaveBehind(failure);
            completed.Complete(batch.Time, failure);
        }
    }
}
