namespace FastStream;

/// <summary>
/// Tells listeners, metrics and the context how batches went. Silent once the context has stopped without something
/// that did not return. Safe from any thread.
/// </summary>
/// <param name="listeners">Hear of batches and warnings.</param>
/// <param name="metrics">Count.</param>
/// <param name="onFailure">Stops the context.</param>
internal sealed class BatchReporter(ListenerBus listeners, StreamingMetrics metrics, Action<Exception> onFailure)
{
    private volatile bool _hasFailed;
    private volatile bool _isLeftBehind;

    /// <summary>Whether a failure stops the context.</summary>
    public bool HasFailed => _hasFailed;

    /// <summary>Whether the context has stopped, and something did not return: what comes back later has no effect.</summary>
    public bool IsLeftBehind => _isLeftBehind;

    /// <summary>Whether a listener wants to know where the time of a batch goes.</summary>
    public bool IsProfileWanted => listeners.IsProfileWanted;

    public void LeaveBehind() => _isLeftBehind = true;

    public void Post(Action<StreamingListener> call)
    {
        if (!_isLeftBehind)
        {
            listeners.Post(call);
        }
    }

    /// <summary>Tells of a batch, unless it runs again for the states only: the run that did it has reported it.</summary>
    public void Post(JobSet batch, Action<StreamingListener> call)
    {
        if (!batch.IsForStatesOnly)
        {
            Post(call);
        }
    }

    public void Warn(string message, Exception? cause) => Post(listener => listener.OnWarning(message, cause));

    /// <summary>The context fails and stops.</summary>
    public void Fail(StreamingException failure)
    {
        _hasFailed = true;
        if (!_isLeftBehind)
        {
            onFailure(failure);
        }
    }

    /// <summary>Batch times that did not run.</summary>
    public void ReportSkipped(long count, string? warning)
    {
        metrics.CountSkippedTicks(count);
        if (warning is not null)
        {
            listeners.Post(listener => listener.OnWarning(warning, null));
        }
    }

    /// <summary>Counts the records that operators left out by their error policies.</summary>
    /// <remarks>
    /// Of a batch whose operators failed for good no record counts; one that runs for its states only was counted by
    /// the run before.
    /// </remarks>
    public void CountFailedRecords(JobSet batch, BatchContext scope)
    {
        if (scope.FailedRecords is null || scope.IsFailed || batch.IsForStatesOnly || _isLeftBehind)
        {
            return;
        }

        foreach ((string name, (long count, Exception first)) in scope.FailedRecords)
        {
            batch.FailedRecordCount += count;
            metrics.CountFailedRecords(name, count);
            string records = count == 1 ? "record" : "records";
            Warn($"{name} left out {count} {records} of batch {batch.Time} for which its function failed. The first "
                + $"error: {first.Message}", first);
        }
    }

    /// <summary>A batch is complete.</summary>
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
