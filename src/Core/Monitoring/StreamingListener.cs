namespace FastStream;

/// <summary>
/// Receives the events of a context. Override the methods that you need; calls come one at a time, in order, on a
/// thread of their own, separate from the batches.
/// </summary>
/// <remarks>
/// If a listener is slower than the events, the oldest of 10,000 waiting events are dropped and counted in
/// <see cref="StreamingMetrics.DroppedEvents"/>; a listener that throws is called again for the next event.
/// </remarks>
public abstract class StreamingListener
{
    /// <summary>
    /// Whether to measure batches stage by stage (<see cref="BatchInfo.Profile"/>). Read at each batch's start, so that
    /// it may change; default false, as measuring costs two readings of the clock for each block of records.
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

    /// <summary>A batch is complete, successfully or not.</summary>
    public virtual void OnBatchCompleted(BatchInfo batch)
    {
    }

    /// <summary>A receiver has started.</summary>
    public virtual void OnReceiverStarted(ReceiverInfo receiver)
    {
    }

    /// <summary>A receiver reported an error; it continues, restarts or stops, depending on its source.</summary>
    public virtual void OnReceiverError(ReceiverInfo receiver)
    {
    }

    /// <summary>A receiver has stopped.</summary>
    public virtual void OnReceiverStopped(ReceiverInfo receiver)
    {
    }

    /// <summary>
    /// Something went wrong and the context continues: for example, an input could not be cut, or a batch is retried.
    /// </summary>
    public virtual void OnWarning(string message, Exception? error)
    {
    }
}

/// <summary>State of a receiver.</summary>
/// <param name="StreamId">Number of the input stream.</param>
/// <param name="Name">Name of the input stream.</param>
/// <param name="IsActive">Whether it receives.</param>
/// <param name="LastErrorMessage">Message of the last error; null if there was none.</param>
/// <param name="LastError">The error itself, if there is one.</param>
public sealed record ReceiverInfo(int StreamId, string Name, bool IsActive, string? LastErrorMessage, Exception? LastError);
