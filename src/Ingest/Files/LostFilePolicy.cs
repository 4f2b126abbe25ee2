namespace FastStream;

/// <summary>
/// What a file source does when it cannot read a file of a batch: the file was removed, renamed, shortened or
/// overwritten before the batch read it, or before it was read again after a restart; or it is not text (UTF-16, an
/// archive that is not unpacked), or is a damaged archive.
/// </summary>
/// <remarks>
/// A file that only grew gives the bytes of the intent record. A file that is gone before it is in a batch is skipped
/// under both policies, with a warning, and is counted.
/// </remarks>
public enum LostFilePolicy
{
    /// <summary>
    /// The batch fails; a context that continues an earlier run refuses to start. Nothing is lost silently. The
    /// default.
    /// </summary>
    Fail,

    /// <summary>
    /// The batch continues without the file, or without the rest of it. Listeners are warned, and
    /// <see cref="StreamingMetrics.LostFiles"/> counts each file once.
    /// </summary>
    Skip,
}
