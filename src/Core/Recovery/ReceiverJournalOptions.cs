namespace FastStream;

/// <summary>How receivers write data to disk on arrival: Spark's write-ahead log of receivers.</summary>
/// <remarks>
/// Without a journal, data that is received and in no batch yet is lost with the process: one interval's at most. With
/// a journal, every socket, channel, observable, dataflow block and custom receiver of the context writes what it
/// receives into a log of its own, beside the checkpoints, before it acknowledges the data. The first new batch of the
/// next start contains, once, whatever was in no batch at a crash. docs/tuning.md gives the costs.
/// </remarks>
public sealed record ReceiverJournalOptions
{
    /// <summary>
    /// The most bytes of each input that wait to be written, beside one record: 4 KiB to 1 GiB, default 16 MiB. At the
    /// bound, the input accepts nothing more until they are written, and senders wait.
    /// </summary>
    public int MaxPendingBytes { get; set; } = 16 << 20;

    /// <summary>
    /// Bytes after which a journal continues in a new file: 4 KiB to 1 TiB, default 64 MiB. A file is deleted when the
    /// oldest kept checkpoint includes all its entries.
    /// </summary>
    public long MaxFileBytes { get; set; } = 64 << 20;

    /// <summary>Checks all settings, as the context does.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range; the message says which, what was
    /// found and what is expected.</exception>
    public void Validate()
    {
        StreamingOptions.Check(MaxPendingBytes is >= 4 << 10 and <= 1 << 30, nameof(MaxPendingBytes), MaxPendingBytes, "4 KiB to "
            + "1 GiB are expected");
        StreamingOptions.Check(MaxFileBytes is >= 4 << 10 and <= 1L << 40, nameof(MaxFileBytes), MaxFileBytes, "4 KiB to 1 TiB "
            + "are expected");
    }
}
