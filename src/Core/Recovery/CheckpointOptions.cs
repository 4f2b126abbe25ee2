namespace FastStream;

/// <summary>What happens to saved states whose operator the program no longer has.</summary>
public enum UnmatchedState
{
    /// <summary>The start fails; the message has the names and the choices.</summary>
    Refuse,

    /// <summary>The states are dropped for good, with a warning to listeners.</summary>
    Drop,
}

/// <summary>
/// Checkpoints and the batch log: where a context keeps its batches and states, and how often it saves them.
/// </summary>
/// <remarks>
/// The context logs every batch durably before it runs (its time and its input) and when it is done. From time to time
/// it saves all states and windows in a checkpoint. A program that starts again loads the last good checkpoint and runs
/// the batches after it once more, without the outputs that were already done. It continues on the same grid of batch
/// times. With checkpoints, batches end one after another: <see cref="StreamingOptions.ConcurrentJobs"/> lets the
/// outputs of one batch run together, not those of two. docs/recovery.md states the guarantees.
/// </remarks>
public sealed record CheckpointOptions
{
    /// <summary>
    /// The directory. Required; for this program alone; created if missing. One process at a time may use it.
    /// </summary>
    public string Directory { get; set; } = "";

    /// <summary>
    /// Time between two checkpoints; more than 0, default 10 s. A longer interval means less work while running, and
    /// more batches to run again after a crash.
    /// </summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The number of bytes logged since the last checkpoint that triggers the next one early; 1 or more, default 256
    /// MiB. A start reads the log after the last checkpoint into memory.
    /// </summary>
    public long MaxLogBytes { get; set; } = 256 << 20;

    /// <summary>
    /// The number of batches cut since the last checkpoint that triggers the next one early: 1 or more; default null,
    /// for no such bound. For checkpoints by the number of batches alone give a long <see cref="Interval"/> too. It
    /// bounds how many batches a start runs again, whatever the clock does.
    /// </summary>
    public int? MaxBatches { get; set; }

    /// <summary>
    /// Number of checkpoints to keep, 1 to 1,000; default 3. A start uses an older one if newer ones are damaged.
    /// </summary>
    public int KeptCheckpoints { get; set; } = 3;

    /// <summary>What happens to saved states whose operator is gone; default: the start fails.</summary>
    public UnmatchedState UnmatchedState { get; set; } = UnmatchedState.Refuse;

    /// <summary>Serializers for types that the built-in ones do not support.</summary>
    public RecordSerializers Serializers { get; set; } = new();

    /// <summary>
    /// Whether and how receivers write data to disk on arrival, and not only with the batch; default null: they do not.
    /// It applies to sockets, channels and all other inputs that data is sent to; inputs with a position of their own
    /// (files, rates) need no journal. docs/recovery.md states the guarantees.
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
