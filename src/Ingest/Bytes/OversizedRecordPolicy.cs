namespace FastStream;

/// <summary>What a byte source does with a record of more than <see cref="StreamingOptions.MaxRecordBytes"/>.</summary>
public enum OversizedRecordPolicy
{
    /// <summary>
    /// The context stops, and its completion faults with a message that says what arrived: nothing is lost silently.
    /// </summary>
    FailStream,

    /// <summary>The whole record is dropped and counted in <see cref="StreamingMetrics.DroppedRecords"/>.</summary>
    DropRecord,

    /// <summary>
    /// The record is truncated to that many bytes, at a character boundary; the rest of it is dropped.
    /// </summary>
    Truncate,
}
