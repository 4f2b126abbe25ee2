namespace FastStream;

/// <summary>What an operator does with a record for which a user's function throws; given by <c>OnError</c>.</summary>
public enum RecordErrorPolicy
{
    /// <summary>The batch fails, and <see cref="StreamingOptions.OnBatchFailure"/> decides. The default of every operator.</summary>
    Fail,

    /// <summary>
    /// The operator drops the record and counts it in <see cref="StreamingMetrics.FailedRecords"/>; listeners get one
    /// warning for each operator and batch.
    /// </summary>
    Drop,
}
