namespace FastStream;

/// <summary>What becomes of a record for which a user's function throws; given to an operator by <c>OnError</c>.</summary>
public enum RecordErrorPolicy
{
    /// <summary>The batch fails, and <see cref="StreamingOptions.OnBatchFailure"/> decides. The default of every operator.</summary>
    Fail,

    /// <summary>
    /// The record is left out and counted in <see cref="StreamingMetrics.FailedRecords"/>; listeners hear one warning
    /// for each operator and batch.
    /// </summary>
    Drop,
}
