namespace FastStream;

/// <summary>
/// What a file source does where a file that a batch is made of cannot be read: it was removed, renamed, shortened or
/// written over before the batch read it, or before it was read again after a restart; or it has no text (UTF-16, an
/// archive that is not unpacked), or is a damaged archive.
/// </summary>
/// <remarks>A file that only grew gives what was planned. One that is gone before a batch is made of it is left out
/// under both policies, with a warning, and is counted.</remarks>
public enum LostFilePolicy
{
    /// <summary>
    /// The batch fails; where the context goes on from an earlier run, its start is refused. Nothing is lost unseen.
    /// The default.
    /// </summary>
    Fail,

    /// <summary>
    /// The batch goes on without the file, or without what is left of it, listeners are warned, and <see
    /// cref="StreamingMetrics.LostFiles"/> counts it, once a file.
    /// </summary>
    Skip,
}
