namespace FastStream;

/// <summary>
/// Writes to the log of batches what becomes of one. Where there are no checkpoints, or the context has stopped without
/// waiting any longer, nothing is written.
/// </summary>
/// <remarks>When the disk does not take a record, nobody knows what is there: the context stops, and the next start sorts it out.</remarks>
internal sealed class BatchCommitter(CheckpointCoordinator? checkpoints, EffectGate gate, WorkInHand work, BatchReporter reporter)
{
    /// <summary>Whether there is a log.</summary>
    public bool IsDurable => checkpoints is not null;

    /// <summary>A batch without input is about to run at a time that was passed over.</summary>
    /// <returns>Why it was not written; null where it was. The same for the others.</returns>
    public StreamingException? LogEmpty(BatchTime time) =>
        Write(time, "writing down that a batch runs without input", log => log.PlanEmpty(time));

    /// <summary>A batch that failed for good is about to run without its data.</summary>
    public StreamingException? LogWithoutData(BatchTime time) =>
        Write(time, "writing down that a batch runs without its data", log => log.GiveUpData(time));

    /// <summary>A batch is done.</summary>
    public StreamingException? Commit(BatchTime time, Outcome outcome) =>
        Write(time, "writing down that the batch is done", log => log.Commit(time, outcome));

    /// <summary>The sinks have published a batch that is done: a checkpoint may count it.</summary>
    public StreamingException? EndBatch(BatchTime time) =>
        Write(time, "writing down that the batch is done", log => log.EndBatch(time));

    private StreamingException? Write(BatchTime time, string what, Action<CheckpointCoordinator> write)
    {
        if (checkpoints is null || !gate.TryEnter())
        {
            return null;
        }

        using WorkInHand.InHand inHand = work.Begin(what, time);
        try
        {
            write(checkpoints);
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
