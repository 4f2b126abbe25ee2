namespace FastStream;

/// <summary>What a byte source does with a record of more than <see cref="StreamingOptions.MaxRecordBytes"/>.</summary>
public enum OversizedRecordPolicy
{
    /// <summary>The context stops, and its completion faults with a message that says what came: nothing is lost unseen.</summary>
    FailStream,

    /// <summary>The record is left out up to its end and counted in <see cref="StreamingMetrics.DroppedRecords"/>.</summary>
    DropRecord,

    /// <summary>The record is cut after so many bytes, at a character's boundary; the rest up to its end is left out.</summary>
    Truncate,
}
