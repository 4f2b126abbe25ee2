namespace FastStream;

/// <summary>
/// What file inputs have in common: the pool to read into, the bound on records, and the policies for records that are
/// too long and files that are lost.
/// </summary>
/// <param name="Blocks">The pool; it holds one batch's files at a time, so it has no bound of its own.</param>
/// <param name="MaxRecordBytes">The most bytes of one record.</param>
internal sealed record FileSource(BlockPool Blocks, int MaxRecordBytes)
{
    /// <summary>What happens to longer records.</summary>
    public OversizedRecordPolicy Oversized { get; init; }

    /// <summary>What happens when a file is lost.</summary>
    public LostFilePolicy LostFile { get; init; }

    /// <summary>Which files are unpacked.</summary>
    public FileCompression Compression { get; init; } = FileCompression.None;

    /// <summary>The most bytes that one file may unpack to.</summary>
    public long MaxUnpackedBytes { get; init; }

    /// <summary>Whether the user can set these policies.</summary>
    public bool HasOptions { get; init; }

    /// <summary>Reserved handles for files that batches open; null where none are reserved.</summary>
    public HandleReserve? Handles { get; init; }

    /// <summary>The metrics to count in; null for none.</summary>
    public StreamingMetrics? Metrics { get; init; }

    /// <summary>Called with a message for listeners.</summary>
    public Action<string> Warn { get; init; } = _ => { };

    private const int MaxRemembered = 10_000;

    private readonly HashSet<(string Path, FileIdentity Identity)> _lost = [];   // files already counted; it is its own lock

    public static FileSource For(StreamingContext context) => new(
        BlockPool.Unbounded(context.Options),
        context.Options.MaxRecordBytes) { Metrics = context.Metrics };

    public InvalidDataException RecordTooLong(long at) =>
        new($"It has a record of more than {MaxRecordBytes} bytes at byte {at}. Raise "
            + "StreamingOptions.MaxRecordBytes, "
            + $"{(HasOptions ? "let FileSourceOptions.OversizedRecords drop or truncate such records, " : "")}or "
            + "split the file's records.");

    /// <summary>
    /// Counts a skipped file and warns of it: once for each file, even if several batches, partitions and attempts miss
    /// it.
    /// </summary>
    public void CountLost(in FileStatus file, string message)
    {
        lock (_lost)
        {
            if (_lost.Count >= MaxRemembered)
            {
                _lost.Clear();
            }

            if (!_lost.Add((file.Path, file.Identity)))
            {
                return;
            }
        }

        Metrics?.AddLostFiles(1);
        Warn($"{message} It is left out, as FileSourceOptions.LostFile says.");
    }
}
