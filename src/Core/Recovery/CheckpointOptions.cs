namespace FastStream;

/// <summary>What becomes of saved states whose operator the program does not have any more.</summary>
public enum UnmatchedState
{
    /// <summary>The start is refused, with the names and the choices.</summary>
    Refuse,

    /// <summary>They are dropped for good, with a warning to listeners.</summary>
    Drop,
}

/// <summary>How a context survives: where it keeps its batches and states, and how often.</summary>
/// <remarks>
/// Every batch is written down before it runs (its time and what its inputs gave) and when it is done, each brought to
/// the disk. States and windows are saved whole from time to time. A program that starts again loads the last good
/// save, runs the batches after it once more with outputs off where they were done already, and goes on on the same
/// grid of times. Batches end one after the other then: <see cref="StreamingOptions.ConcurrentJobs"/> lets outputs of
/// one batch run together, not of two. docs/recovery.md says what is promised.
/// </remarks>
public sealed record CheckpointOptions
{
    /// <summary>The directory; must be given: this program's alone, made if it is not there. One process at a time may use it.</summary>
    public string Directory { get; set; } = "";

    /// <summary>
    /// This long between two saves of states; more than 0, default 10 s. Longer: less work while running, more batches
    /// to run again after a crash.
    /// </summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// A checkpoint is made before its time when the batches since the last one have so many bytes in the log; 1 or
    /// more, default 256 MiB. A start reads what is in the log after the last checkpoint into memory.
    /// </summary>
    public long MaxLogBytes { get; set; } = 256 << 20;

    /// <summary>
    /// A checkpoint is made before its time when so many batches were cut since the last one: 1 or more; default null,
    /// for no such bound. For checkpoints by the number of batches alone give a long <see cref="Interval"/> too. The
    /// number bounds how many batches a start runs again, whatever the clock does.
    /// </summary>
    public int? MaxBatches { get; set; }

    /// <summary>Saves that are kept, 1 to 1,000; default 3. An older one is used where newer ones are damaged.</summary>
    public int KeptCheckpoints { get; set; } = 3;

    /// <summary>What becomes of saved states whose operator is gone; default: the start is refused.</summary>
    public UnmatchedState UnmatchedState { get; set; } = UnmatchedState.Refuse;

    /// <summary>Serializers for types that the built-in ones do not fit.</summary>
    public RecordSerializers Serializers { get; set; } = new();

    /// <summary>
    /// Whether and how what receivers receive is on the disk from its arrival on, and not only from its batch on; default
    /// null: it is not. For all sockets, channels and other inputs that are sent
    /// to; those with a position of their own (files, rates) need none. docs/recovery.md says what it promises.
    /// </summary>
    public ReceiverJournalOptions? ReceiverJournal { get; set; }

    internal CheckpointOptions Copy() => this with { ReceiverJournal = ReceiverJournal is null ? null : ReceiverJournal with { } };

    /// <summary>Checks all settings, as the context does.</summary>
    /// <exception cref="ArgumentException">A setting is out of its range; the message says which, what was found and
    /// what is expected.</exception>
    public void Validate()
    {
        StreamingOptions.Check(!string.IsNullOrWhiteSpace(Directory), "Checkpoint.Directory", Directory,
            "the path of a directory that is this program's alone is expected");
        ArgumentNullException.ThrowIfNull(Serializers);
        StreamingOptions.Check(Interval > TimeSpan.Zero, nameof(Interval), Interval, "more than 0 is expected");
        StreamingOptions.Check(MaxLogBytes >= 1, nameof(MaxLogBytes), MaxLogBytes, "1 or more is expected");
        StreamingOptions.Check(MaxBatches is null or >= 1, nameof(MaxBatches), MaxBatches, "1 or more are expected, or null for no bound");
        StreamingOptions.Check(KeptCheckpoints is >= 1 and <= 1000, nameof(KeptCheckpoints), KeptCheckpoints, "1 to 1,000 are expected");
        ReceiverJournal?.Validate();
        StreamingOptions.Check(Enum.IsDefined(UnmatchedState), nameof(UnmatchedState), UnmatchedState,
            "one of the named policies is expected");
    }
}
