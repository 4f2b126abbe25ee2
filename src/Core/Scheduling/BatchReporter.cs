namespace FastStream;

/// <summary>
/// Reports the outcome of batches to listeners, metrics and the context. Silent once the context has stopped without
/// waiting for work that did not return. Safe from any thread.
/// </summary>
/// <param name="listeners">Receive events of batches and warnings.</param>
/// <param name="metrics">The context's counters.</param>
/// <param name="onFailure">Stops the context.</param>
internal sealed class BatchReporter(ListenerBus listeners, StreamingMetrics metrics, Action<Exception> onFailure)
{
    private volatile bool _hasFailed;
    private volatile bool _isLeftBehind;

    /// <summary>Whether a failure stops the context.</summary>
    public bool HasFailed => _hasFailed;

    /// <summary>
    /// Whether the context has stopped without waiting for work that did not return: what returns later has no effect.
    /// </summary>
    public bool IsLeftBehind => _isLeftBehind;

    /// <summary>Whether a listener wants the profile of batches.</summary>
    public bool IsProfileWanted => listeners.IsProfileWanted;

    public void LeaveBehind() => _isLeftBehind = true;

    public void Post(Action<StreamingListener> call)
    {
        if (!_isLeftBehind)
        {
            listeners.Post(call);
        }
    }

    /// <summary>
    /// Posts an event of a batch, unless it is replayed only to rebuild states: the run that completed it has reported
    /// it.
    /// </summary>
    public void Post(JobSet batch, Action<StreamingListener> call)
    {
        if (!batch.IsForStatesOnly)
        {
            Post(call);
        }
    }

    public void Warn(string message, Exception? cause) => Post(listener => listener.OnWarning(message, cause));

    /// <summary>Makes the context fail and stop.</summary>
    public void Fail(StreamingException failure)
    {
        _hasFailed = true;
        if (!_isLeftBehind)
        {
            onFailure(failure);
        }
    }

    /// <summary>Reports batch times that did not run.</summary>
    public void ReportSkipped(long count, string? warning)
    {
        metrics.CountSkippedTicks(count);
        if (warning is not null)
        {
            listeners.Post(listener => listener.OnWarning(warning, null));
        }
    }

    /// <summary>Counts the records that operators dropped by their error policies.</summary>
    /// <remarks>
    /// If the operators of a batch failed for good, none of its records count; a batch replayed only to rebuild states
    /// was counted by the earlier run.
    /// </remarks>
    public void CountFailedRecords(JobSet batch, BatchContext context)
    {
        if (context.FailedRecords is null || context.IsFailed || batch.IsForStatesOnly || _isLeftBehind)
        {
            return;
        }

        foreach ((string name, (long count, Exception first)) in context.FailedRecords)
        {
            batch.FailedRecordCount += count;
            metrics.CountFailedRecords(name, count);
            string records = count == 1 ? "record" : "records";
            Warn($"{name} left out {count} {records} of batch {batch.Time} for which its function failed. The first "
                + $"error: {first.Message}", first);
        }
    }

    /// <summary>Reports that a batch is complete.</summary>
    public void ReportCompleted(JobSet batch)
    {
        BatchInfo info = batch.ToInfo();
        if (!batch.IsForStatesOnly && !_isLeftBehind)
        {
            metrics.CountBatch(info);
        }

        Post(batch, listener => listener.OnBatchCompleted(info));
    }
}
