namespace FastStream;

/// <summary>How a file source knows that a file is new.</summary>
public enum FileDetection
{
    /// <summary>
    /// By its modification time, as in Spark: a file is taken if that time is not later than the batch, and later than
    /// both the source's creation and the remembered time. A file moved in with an older time is not seen. The default.
    /// </summary>
    ModificationTime,

    /// <summary>
    /// By its appearance: a file is taken if the previous listing did not have it, whatever its times say.
    /// </summary>
    Arrival,
}

/// <summary>Which files a file source takes, and how it reads them.</summary>
public sealed record FileSourceOptions
{
    /// <summary>
    /// Whether only files that appear after the source was made are taken (default). Otherwise files already there are
    /// taken too, back to <see cref="RememberDuration"/>.
    /// </summary>
    public bool NewFilesOnly { get; set; } = true;

    /// <summary>How the source recognises a new file; default <see cref="FileDetection.ModificationTime"/>.</summary>
    public FileDetection Detection { get; set; } = FileDetection.ModificationTime;

    /// <summary>
    /// How far back the source looks at modification times, and for how long it remembers which files it took: more
    /// than 0, rounded up to whole batches; default 60 s.
    /// </summary>
    public TimeSpan RememberDuration { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long a file's size and modification time must have been unchanged before it is taken: 0 or more, less than
    /// <see cref="RememberDuration"/>; default 0. For writers that write in place; where files are moved in whole, 0 is
    /// right.
    /// </summary>
    public TimeSpan StableFor { get; set; }

    /// <summary>
    /// Approximate maximum of a batch's bytes: 1 or more; default 64 MiB. The rest comes in the next batches. A batch's
    /// bytes are in memory while it runs. Only two things make a batch larger: a single larger record, and a file whose
    /// records cannot be found from an arbitrary byte (records of one length, or with length prefixes), because such a
    /// file is never split over batches.
    /// </summary>
    public long MaxBytesPerBatch { get; set; } = 64L << 20;

    /// <summary>
    /// The most files in a batch: 1 to 100,000; default 1,000. The rest comes in the next batches. Each partition has
    /// one file open at a time while it reads, and a file that is read in parts stays open between its batches: the
    /// number of handles does not grow with this setting.
    /// </summary>
    public int MaxFilesPerBatch { get; set; } = 1_000;

    /// <summary>
    /// The most directory entries that one batch's listing looks at: 1 or more; default 100,000. A longer listing
    /// continues in the next batches, so that it never delays the clock for long.
    /// </summary>
    public int MaxEntriesPerBatch { get; set; } = 100_000;

    /// <summary>
    /// Given a file's full path, says whether to take it; null (default) takes all. Names that begin with a dot or an
    /// underscore or end in <c>.tmp</c> are never taken.
    /// </summary>
    public Func<string, bool>? Filter { get; set; }

    /// <summary>How files are read; default <see cref="FileReadMode.Read"/>.</summary>
    public FileReadMode ReadMode { get; set; } = FileReadMode.Read;

    /// <summary>
    /// Which files are unpacked; default <see cref="FileCompression.ByName"/>: those named <c>.gz</c> and <c>.br</c>.
    /// One partition reads an archive whole, in one batch. Towards <see cref="MaxBytesPerBatch"/>, a gzip file counts
    /// with the length that it announces, and a brotli file with eight times its own.
    /// </summary>
    public FileCompression Compression { get; set; }

    /// <summary>
    /// The most bytes that one archive may unpack to: 1 or more; default 1 GiB. A batch holds what it has unpacked in
    /// memory. A larger archive is treated as <see cref="LostFile"/> says.
    /// </summary>
    public long MaxUnpackedBytes { get; set; } = 1L << 30;

    /// <summary>
    /// What text streams do with lines that are not UTF-8; default <see cref="InvalidUtf8Policy.Keep"/>. Other streams
    /// ignore it.
    /// </summary>
    public InvalidUtf8Policy InvalidUtf8 { get; set; }

    /// <summary>
    /// What happens to records of more than <see cref="StreamingOptions.MaxRecordBytes"/> in formats whose record ends
    /// can be found from any byte, such as lines; in other formats the batch fails. Default
    /// <see cref="OversizedRecordPolicy.FailStream"/>: the batch fails, and the error says in which file and where.
    /// Dropped records are counted in <see cref="StreamingMetrics.DroppedRecords"/>.
    /// </summary>
    public OversizedRecordPolicy OversizedRecords { get; set; }

    /// <summary>
    /// What happens when a file of a batch was removed, changed or shortened before it was read (or read again after a
    /// restart), or is not text or is a damaged archive; default <see cref="LostFilePolicy.Fail"/>.
    /// </summary>
    public LostFilePolicy LostFile { get; set; }

    /// <summary>Checks all settings, as the source does.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range; the message says which, what was
    /// found and what is expected.</exception>
    public void Validate()
    {
        OptionCheck.Check(Enum.IsDefined(OversizedRecords), nameof(OversizedRecords), OversizedRecords,
            "one of the named policies is expected");
        OptionCheck.Check(Enum.IsDefined(LostFile), nameof(LostFile), LostFile, "one of the named policies is expected");
        OptionCheck.Check(Enum.IsDefined(Compression), nameof(Compression), Compression, "one of the named ways is expected");
        OptionCheck.Check(MaxUnpackedBytes >= 1, nameof(MaxUnpackedBytes), MaxUnpackedBytes, "1 or more is expected");
        OptionCheck.Check(Enum.IsDefined(Detection), nameof(Detection), Detection, "one of the named ways is expected");
        OptionCheck.Check(RememberDuration > TimeSpan.Zero, nameof(RememberDuration), RememberDuration, "more than 0 is expected");
        OptionCheck.Check(StableFor >= TimeSpan.Zero
            && StableFor < RememberDuration, nameof(StableFor), StableFor,
            $"0 or more, and less than RememberDuration ({RememberDuration}), is expected");
        OptionCheck.Check(MaxBytesPerBatch >= 1, nameof(MaxBytesPerBatch), MaxBytesPerBatch, "1 or more is expected");
        OptionCheck.Check(MaxFilesPerBatch is >= 1 and <= 100_000, nameof(MaxFilesPerBatch), MaxFilesPerBatch,
            "1 to 100,000 are expected");
        OptionCheck.Check(MaxEntriesPerBatch >= 1, nameof(MaxEntriesPerBatch), MaxEntriesPerBatch, "1 or more is expected");
        OptionCheck.Check(Enum.IsDefined(ReadMode), nameof(ReadMode), ReadMode, "one of the named modes is expected");
        OptionCheck.Check(Enum.IsDefined(InvalidUtf8), nameof(InvalidUtf8), InvalidUtf8, "one of the named policies is expected");
    }

    /// <summary>Returns a checked copy, which later changes to this object do not affect.</summary>
    internal FileSourceOptions Validated()
    {
        FileSourceOptions copy = this with { };
        copy.Validate();
        return copy;
    }
}
