namespace FastStream;

/// <summary>
/// Hears what happens in a context. Override what you need; calls come one at a time, in order, on a thread of their
/// own, apart from the batches.
/// </summary>
/// <remarks>
/// A listener that is slower than the events loses the oldest of 10,000 waiting ones, which are counted in
/// <see cref="StreamingMetrics.DroppedEvents"/>; one that throws is called again for the next event.
/// </remarks>
public abstract class StreamingListener
{
    /// <summary>
    /// Whether batches are to be measured stage by stage (<see cref="BatchInfo.Profile"/>). Asked at each batch's
    /// start, so that it may change; default no, as it costs two readings of the clock for each block of records.
    /// </summary>
    public virtual bool WantsProfile => false;

    /// <summary>The context has started.</summary>
    public virtual void OnStreamingStarted(BatchTime zeroTime)
    {
    }

    /// <summary>A batch was cut and queued.</summary>
    public virtual void OnBatchSubmitted(BatchInfo batch)
    {
    }

    /// <summary>A batch's processing began.</summary>
    public virtual void OnBatchStarted(BatchInfo batch)
    {
    }

    /// <summary>An output's function begins.</summary>
    public virtual void OnOutputStarted(BatchInfo batch, int outputIndex)
    {
    }

    /// <summary>An output's function ended, successfully or not.</summary>
    public virtual void OnOutputCompleted(BatchInfo batch, OutputInfo output)
    {
    }

    /// <summary>A batch is done with, successfully or not.</summary>
    public virtual void OnBatchCompleted(BatchInfo batch)
    {
    }

    /// <summary>A receiver has started.</summary>
    public virtual void OnReceiverStarted(ReceiverInfo receiver)
    {
    }

    /// <summary>A receiver reported an error; it goes on, restarts or stops, as its source does.</summary>
    public virtual void OnReceiverError(ReceiverInfo receiver)
    {
    }

    /// <summary>A receiver has stopped.</summary>
    public virtual void OnReceiverStopped(ReceiverInfo receiver)
    {
    }

    /// <summary>
    /// Something did not go as it should and the context goes on: an input that could not be cut, a batch that is tried
    /// again.
    /// </summary>
    public virtual void OnWarning(string message, Exception? error)
    {
    }
}

/// <summary>State of a receiver.</summary>
/// <param name="StreamId">Number of the input stream.</param>
/// <param name="Name">Name of the input stream.</param>
/// <param name="IsActive">Whether it receives.</param>
/// <param name="LastErrorMessage">What went wrong last; null if nothing did.</param>
/// <param name="LastError">The error itself, if there is one.</param>
public sealed record ReceiverInfo(int StreamId, string Name, bool IsActive, string? LastErrorMessage, Exception? LastError);
