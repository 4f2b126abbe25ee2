using System.Threading.Channels;

namespace FastStream;

/// <summary>
/// The bounded queue of batches that wait for their turn, in order of time. One thread adds, one loop reads.
/// </summary>
/// <param name="capacity">The most batches that may wait.</param>
/// <param name="abort">Cancelled by an immediate stop; ends every wait.</param>
internal sealed class BatchQueue(int capacity, CancellationToken abort)
{
    private readonly Channel<JobSet> _batches = Channel.CreateUnbounded<JobSet>();
    private readonly SemaphoreSlim _room = new(capacity, capacity);   // batches that may still be added
    private readonly AutoResetEvent _taken = new(false);              // set when a batch has left the queue

    /// <summary>
    /// Adds a batch; blocks the caller while the queue is full. False after an abort or <see cref="Close"/>: the batch
    /// is not in the queue.
    /// </summary>
    public bool TryAdd(JobSet batch)
    {
        // Tries without the token first: registering it usually costs more than the wait.
        return (_room.Wait(0) || WaitForRoom()) && _batches.Writer.TryWrite(batch);
    }

    /// <summary>Blocks the caller until every added batch has left the queue, or the context is aborted.</summary>
    public void WaitUntilEmpty()
    {
        while (_batches.Reader.Count > 0 && WaitHandle.WaitAny([_taken, abort.WaitHandle]) == 0)
        {
        }
    }

    /// <summary>Returns the batches in order of arrival, until the queue is closed and empty.</summary>
    public async IAsyncEnumerable<JobSet> TakeAllAsync()
    {
        await foreach (JobSet batch in _batches.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            _room.Release();
            _taken.Set();
            yield return batch;
        }
    }

    /// <summary>Closes the queue for new batches; waiting ones are still returned.</summary>
    public void Close() => _batches.Writer.TryComplete();

    private bool WaitForRoom()
    {
        try
        {
            _room.Wait(abort);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
