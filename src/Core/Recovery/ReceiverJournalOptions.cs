namespace FastStream;

/// <summary>How what receivers receive is kept on the disk from its arrival on: Spark's write-ahead log of receivers.</summary>
/// <remarks>
/// Without a journal, what was received and is in no batch yet is lost with the process: an interval at most. With one,
/// every socket, channel, observable, dataflow block and own receiver of the
/// context writes what it receives into a log of its own, beside the checkpoints, before it says that it has it. What a
/// crash finds in no batch is in the first new batch of the next start,
/// once. docs/tuning.md says what it costs.
/// </remarks>
public sealed record ReceiverJournalOptions
{
    /// <summary>
    /// The most bytes of each input that wait for the disk, beside one record: 4 KiB to 1 GiB, default 16 MiB. When reached,
    /// the input takes nothing more until the disk has taken what waits, and
    /// senders are held up.
    /// </summary>
    public int MaxPendingBytes { get; set; } = 16 << 20;

    /// <summary>
    /// Bytes after which a journal goes on in a new file: 4 KiB to 1 TiB, default 64 MiB. A file goes when the oldest kept
    /// checkpoint counts all that is in it.
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
