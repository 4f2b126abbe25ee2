namespace FastStream;

/// <summary>
/// What file inputs share: the pool that reads go into, the bound on records, and what is done where a record is too
/// long or a file is gone.
/// </summary>
/// <param name="Blocks">The pool; one batch's files at a time are in it, so it has no bound of its own.</param>
/// <param name="MaxRecordBytes">The most bytes of one record.</param>
internal sealed record FileSource(BlockPool Blocks, int MaxRecordBytes)
{
    /// <summary>What is done with longer records.</summary>
    public OversizedRecordPolicy Oversized { get; init; }

    /// <summary>What is done where a file is gone.</summary>
    public LostFilePolicy LostFile { get; init; }

    /// <summary>Which files are unpacked.</summary>
    public FileCompression Compression { get; init; } = FileCompression.None;

    /// <summary>The most bytes that one file unpacks to.</summary>
    public long MaxUnpackedBytes { get; init; }

    /// <summary>Whether the user can set these.</summary>
    public bool HasOptions { get; init; }

    /// <summary>Handles for files that batches open; null where none are kept back.</summary>
    public HandleReserve? Handles { get; init; }

    /// <summary>Counts; null where nobody asks.</summary>
    public StreamingMetrics? Metrics { get; init; }

    /// <summary>Gets a message for listeners.</summary>
    public Action<string> Warn { get; init; } = _ => { };

    private const int MaxRemembered = 10_000;

    private readonly HashSet<(string Path, FileIdentity Identity)> _lost = [];   // counted; its own lock

    public static FileSource For(StreamingContext context) => new(
        BlockPool.Unbounded(context.Options),
        context.Options.MaxRecordBytes) { Metrics = context.Metrics };

    public InvalidDataException RecordTooLong(long at) =>
        new($"It has a record of more than {MaxRecordBytes} bytes at byte {at}. Raise "
            + "StreamingOptions.MaxRecordBytes, "
            + $"{(HasOptions ? "let FileSourceOptions.OversizedRecords drop or truncate such records, " : "")}or "
            + "split the file's records.");

    /// <summary>Counts a file that is left out, and warns: once a file, though several batches, partitions and tries miss it.</summary>
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
