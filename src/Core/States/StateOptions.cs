namespace FastStream;

/// <summary>Where keyed states are kept and how much memory they may take.</summary>
/// <remarks>docs/guide/state.md says what each choice costs.</remarks>
public sealed record StateOptions
{
    /// <summary>
    /// The store for states of <c>MapWithState</c> and <c>UpdateStateByKey</c> that are not in memory, such as
    /// <c>FasterStateStore</c> of FastStream.State; default null: all states are in memory, and a checkpoint writes all
    /// of them. With a store, states may be larger than memory, a checkpoint writes what has changed since the last
    /// one, while the next batches run, and a start reads only what it needs. Windows are in memory in either case.
    /// </summary>
    public StateStore? Store { get; set; }

    /// <summary>
    /// The directory of the store's files, which no other program may use; default null: <c>states</c> in that of
    /// <see cref="CheckpointOptions.Directory"/>. Required if there are no checkpoints; the start then removes what is
    /// in it.
    /// </summary>
    public string? Directory { get; set; }

    /// <summary>
    /// About how much memory all states of the context that are in a store may take, tables and store together: 1 MiB
    /// or more, default 256 MiB. The keys that one batch touches are in memory at the same time, even if they take
    /// more. Has no effect if <see cref="Store"/> is null.
    /// </summary>
    public long MemoryBytes { get; set; } = 256 << 20;

    /// <summary>
    /// Serializers for keys and states if there are no checkpoints; default null: those of
    /// <see cref="CheckpointOptions.Serializers"/>, or else the built-in ones.
    /// </summary>
    public RecordSerializers? Serializers { get; set; }

    /// <summary>
    /// How long writing a snapshot of the states to the disk may take before listeners are warned: more than 0 or
    /// infinite; default 2 minutes. The warning comes again whenever the time has doubled; batches continue, and no
    /// other checkpoint begins before the snapshot is complete.
    /// </summary>
    public TimeSpan SlowSnapshotWarning { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Supplies the options of contexts that set none, so that all tests can run on a store; null everywhere else.
    /// </summary>
    internal static Func<StateOptions>? ForTests { get; set; }

    /// <summary>
    /// The most keys that a partition's table has room for, whatever its memory: tests use it to make keys leave the
    /// table.
    /// </summary>
    internal int MostKeys { get; set; } = int.MaxValue;

    /// <summary>Makes the directory if neither this nor checkpoints give one; for tests.</summary>
    internal Func<string>? MakeDirectory { get; set; }

    /// <summary>Checks all settings, as the context does; the context also checks that the store has a directory.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range; the message says which one, what
    /// was found and what is expected.</exception>
    public void Validate()
    {
        StreamingOptions.Check(MemoryBytes >= 1 << 20, "State.MemoryBytes", MemoryBytes, "1 MiB or more is expected");
        StreamingOptions.CheckTimeout(SlowSnapshotWarning, "State.SlowSnapshotWarning");
        StreamingOptions.Check(Directory is null
            || !string.IsNullOrWhiteSpace(Directory), "State.Directory", Directory,
            "the path of a directory that is this program's alone is expected");
    }

    internal void Validate(bool hasCheckpoints)
    {
        Validate();
        StreamingOptions.Check(
            Store is null || Directory is not null || hasCheckpoints
                || MakeDirectory is not null, "State.Directory", "nothing",
                "a directory for the store's files is expected where Checkpoint is not set");
    }
}
