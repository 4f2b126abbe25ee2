namespace FastStream;

/// <summary>What a file source does where a file that a batch is made of was removed, renamed or written to before the batch read it, or before it was read again after a restart.</summary>
public enum LostFilePolicy
{
    /// <summary>The batch fails; where the context goes on from an earlier run, its start is refused. Nothing is lost unseen. The default.</summary>
    Fail,

    /// <summary>The batch goes on without the file, or without what is left of it, listeners are warned, and <see cref="StreamingMetrics.LostFiles"/> counts it.</summary>
    Skip,
}
