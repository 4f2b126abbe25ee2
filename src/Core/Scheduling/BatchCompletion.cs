namespace FastStream;

/// <summary>
/// Ends a batch: tells senders whether it counts and inputs that it is committed, releases its memory, and reports it.
/// </summary>
/// <param name="services">The engine's services.</param>
/// <param name="running">The batches that are not complete.</param>
/// <param name="completed">The tasks waiting for batches.</param>
internal sealed class BatchCompletion(BatchServices services, RunningBatches running, CompletionWaiters completed)
{
    /// <summary>Completes a batch that is done, or has failed for good.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="context">Its last attempt.</param>
    /// <param name="notWritten">Why its outcome could not be logged; null if it was.</param>
    public void Complete(JobSet batch, BatchContext context, StreamingException? notWritten = null)
    {
        BatchReporter reporter = services.Reporter;
        batch.EndedMs = services.Clock.NowMs;
        Try(batch, "the count of its records", batch.CountRecords);
        reporter.CountFailedRecords(batch, context);
        Settle(batch);
        if (notWritten is null && !services.StopsContext(batch) && !reporter.IsLeftBehind)
        {
            Try(batch, "telling its inputs that it is done", () => TellInputs(batch.Time));
        }

        Try(batch, "the return of its memory", context.Release);
        running.Remove(context);
        services.Watchdog.End(batch.Time);
        reporter.ReportCompleted(batch);
        if (batch.Failure is not null && !batch.IsCutShort && (batch.IsForStatesOnly || services.FailsContext))
        {
            reporter.Fail(batch.IsForStatesOnly ? NotRebuilt(batch.Failure) : batch.Failure);
        }

        batch.Own!.IsOver = true;
        completed.Complete(batch.Time, batch.Failure ?? notWritten);
    }

    /// <summary>
    /// Abandons a batch because the engine failed, for example because an operator cannot reset: what the batch still
    /// holds is unknown.
    /// </summary>
    public void Abandon(JobSet batch, StreamingException failure)
    {
        services.Reporter.Fail(failure);
        services.Watchdog.End(batch.Time);
        batch.Own!.IsOver = true;
        completed.Complete(batch.Time, failure);
    }

    /// <summary>Completes a batch that an earlier run gave up.</summary>
    public void GiveUp(JobSet batch)
    {
        Drop(batch);
        completed.Complete(batch.Time, batch.WasCounted ? null : new StreamingException(
            $"Batch {batch.Time} was given up by an earlier run, in which it failed. Its data are in no window and no state."));
    }

    /// <summary>Drops a batch that will not run, and releases its memory.</summary>
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

    // Inputs count records and release memory in their own code: an exception from it fails the batch, and the policy
    // decides about the next one.
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

    // With checkpoints, the intent record has already accepted the records: they count, whatever becomes of this run.
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

    // Past outputs include the batch: states without it would differ from them, and without notice, as the batch's own
    // run has already reported it.
    private static StreamingException NotRebuilt(StreamingException failure) => new(
        failure,
        "The states count the batch since an earlier run, and it ran again to rebuild them after the last "
            + "checkpoint. Without it they would differ from what was output, so the context stops, " +
        "whatever OnBatchFailure says. Nothing in the checkpoint directory has changed: mend the cause (a function "
            + "that refuses data it took before, a file that is gone) and start again, " +
        "or begin anew with another checkpoint directory.");
}
