namespace FastStream;

/// <summary>
/// Logs the outcome of batches. Writes nothing if there are no checkpoints, or if the context has stopped without
/// waiting any longer.
/// </summary>
/// <remarks>
/// If writing a record fails, the content of the disk is unknown: the context stops, and the next start recovers.
/// </remarks>
internal sealed class BatchCommitter(CheckpointCoordinator? checkpoints, EffectGate gate, WorkInHand work, BatchReporter reporter)
{
    /// <summary>Whether there is a log.</summary>
    public bool IsDurable => checkpoints is not null;

    /// <summary>Logs that a batch without input will run at a batch time that had been skipped.</summary>
    /// <returns>Why it was not logged; null if it was. The other methods return the same.</returns>
    public StreamingException? LogEmpty(BatchTime time) =>
        Write(time, "logging that a batch runs without input", static (log, batch) => log.PlanEmpty(batch));

    /// <summary>Logs that a batch that failed for good will run without its data.</summary>
    public StreamingException? LogWithoutData(BatchTime time) =>
        Write(time, "logging that a batch runs without its data", static (log, batch) => log.GiveUpData(batch));

    /// <summary>Logs that a batch is done.</summary>
    public StreamingException? Commit(BatchTime time, Outcome outcome) => IsDurable ? CommitToLog(time, outcome) : null;

    /// <summary>Called once the sinks have published a batch that is done: a checkpoint may include it.</summary>
    public StreamingException? EndBatch(BatchTime time) =>
        Write(time, "logging that the batch is done", static (log, batch) => log.EndBatch(batch));

    private StreamingException? CommitToLog(BatchTime time, Outcome outcome) =>
        Write(time, "logging that the batch is done", (log, batch) => log.Commit(batch, outcome));

    private StreamingException? Write(BatchTime time, string what, Action<CheckpointCoordinator, BatchTime> write)
    {
        if (checkpoints is null || !gate.TryEnter())
        {
            return null;
        }

        using WorkInHand.InHand inHand = work.Begin(what, time);
        try
        {
            write(checkpoints, time);
            return null;
        }
        catch (Exception error)
        {
            var failure = new StreamingException(time, what, error);
            reporter.Fail(failure);
            return failure;
        }
        finally
        {
            gate.Exit();
        }
    }
}
