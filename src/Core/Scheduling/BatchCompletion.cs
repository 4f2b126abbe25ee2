namespace FastStream;

/// <summary>
/// The end of a batch: senders hear whether it counts, inputs that it is committed, its memory goes back, and it is
/// reported.
/// </summary>
/// <param name="services">Of the engine.</param>
/// <param name="running">The batches that are not complete.</param>
/// <param name="completed">Whoever waits for batches.</param>
internal sealed class BatchCompletion(BatchServices services, RunningBatches running, CompletionWaiters completed)
{
    /// <summary>A batch is done with, or has failed for good.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="scope">Its last run.</param>
    /// <param name="notWritten">Why the disk did not take how it went; null where it did.</param>
    public void Complete(JobSet batch, BatchContext scope, StreamingException? notWritten = null)
    {
        BatchReporter reporter = services.Reporter;
        batch.EndedMs = services.Clock.NowMs;
        Try(batch, "the count of its records", batch.CountRecords);
        reporter.CountFailedRecords(batch, scope);
        Settle(batch);
        if (notWritten is null && !services.StopsContext(batch) && !reporter.IsLeftBehind)
        {
            Try(batch, "telling its inputs that it is done", () => TellInputs(batch.Time));
        }

        Try(batch, "the return of its memory", scope.Release);
        running.Remove(scope);
        services.Watchdog.End(batch.Time);
        reporter.ReportCompleted(batch);
        if (batch.Failure is not null && !batch.IsCutShort && (batch.IsForStatesOnly || services.FailsContext))
        {
            reporter.Fail(batch.IsForStatesOnly ? NotRebuilt(batch.Failure) : batch.Failure);
        }

        batch.Own!.IsOver = true;
        completed.Complete(batch.Time, batch.Failure ?? notWritten);
    }

    /// <summary>The engine failed, such as by an operator that cannot reset: nobody knows what the batch still holds.</summary>
    public void Abandon(JobSet batch, StreamingException failure)
    {
        services.Reporter.Fail(failure);
        services.Watchdog.End(batch.Time);
        batch.Own!.IsOver = true;
        completed.Complete(batch.Time, failure);
    }

    /// <summary>An earlier run has given the batch up.</summary>
    public void GiveUp(JobSet batch)
    {
        Drop(batch);
        completed.Complete(batch.Time, batch.WasCounted ? null : new StreamingException(
            $"Batch {batch.Time} was given up by an earlier run, in which it failed. Its data are in no window and no state."));
    }

    /// <summary>The batch does not run: its memory goes back.</summary>
    public void Drop(JobSet batch)
    {
        Try(batch, "the return of its memory", new BatchContext(batch.Time, batch.Inputs).Release);
        if (batch.Failure is not null)
        {
            services.Reporter.Fail(batch.Failure);
        }
    }

    private void TellInputs(BatchTime time)
    {
        foreach (IInputStream input in services.Graph.Inputs)
        {
            input.OnBatchCommitted(time);
        }
    }

    // Inputs count and give back by code of their own: what it throws is the batch's failure, and the policy decides on the next one.
    private void Try(JobSet batch, string what, Action action)
    {
        using WorkInHand.InHand inHand = services.Work.Begin(what, batch.Time);
        try
        {
            action();
        }
        catch (Exception error)
        {
            if (batch.Failure is null || batch.IsCutShort)
            {
                batch.Failure = new StreamingException(batch.Time, what, error);
                batch.IsCutShort = false;
            }
        }
    }

    // Where there are checkpoints the plan has accepted the records already: they count, whatever becomes of this run.
    private static void Settle(JobSet batch)
    {
        foreach (InputBatch input in batch.Inputs)
        {
            if (batch.Failure is { } failure)
            {
                input.Receipt?.Reject(new StreamingException(
                    $"The record's batch failed, and its data were given up; send the record again. {failure.Message}", failure));
            }
            else
            {
                input.Receipt?.Accept();
            }
        }
    }

    // The batch is in what outputs have shown: states without it would be other ones, and nobody would be told, as its
    // own run has reported it.
    private static StreamingException NotRebuilt(StreamingException failure) => new(
        failure,
        "The states count the batch since an earlier run, and it ran again to rebuild them after the last "
            + "checkpoint. Without it they would be other than what was put out, so the context stops, " +
        "whatever OnBatchFailure says. Nothing in the checkpoint directory has changed: mend the cause (a function "
            + "that refuses data it took before, a file that is gone) and start again, " +
        "or begin anew with another checkpoint directory.");
}
