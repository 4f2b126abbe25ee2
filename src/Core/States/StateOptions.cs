namespace FastStream;

/// <summary>Where keyed states are kept and how much memory they may take.</summary>
/// <remarks>docs/guide/state.md says what each choice costs.</remarks>
public sealed record StateOptions
{
    /// <summary>
    /// Where the states of <c>MapWithState</c> and <c>UpdateStateByKey</c> lie that are not in memory, such as
    /// <c>FasterStateStore</c> of FastStream.State; default null: all states are in memory, and a checkpoint writes all
    /// of them. With a store states may be larger than memory, a checkpoint writes what has changed since the last one,
    /// while the next batches run, and a start reads nothing but what it needs. Windows are in memory with either.
    /// </summary>
    public StateStore? Store { get; set; }

    /// <summary>
    /// The directory of the store's files, this program's alone; default null: <c>states</c> in that of
    /// <see cref="CheckpointOptions.Directory"/>. Must be given where there are no checkpoints; what is in it is
    /// removed at the start then.
    /// </summary>
    public string? Directory { get; set; }

    /// <summary>
    /// About how much memory all states of the context that are in a store may take, tables and store together: 1 MiB
    /// or more, default 256 MiB. The keys that one batch touches are in memory at the same time, also where they take
    /// more. Counts nothing where <see cref="Store"/> is null.
    /// </summary>
    public long MemoryBytes { get; set; } = 256 << 20;

    /// <summary>
    /// Serializers for keys and states where there are no checkpoints; default null: those of
    /// <see cref="CheckpointOptions.Serializers"/>, else the built-in ones.
    /// </summary>
    public RecordSerializers? Serializers { get; set; }

    /// <summary>
    /// How long a snapshot of the states may take to get to the disk, more than 0 or infinite; default 2 minutes. Then
    /// listeners are warned, again whenever that has doubled; batches go on, and no other checkpoint begins before.
    /// </summary>
    public TimeSpan SlowSnapshotWarning { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Gives the options of contexts that set none, so that all tests can run on a store; null everywhere else.</summary>
    internal static Func<StateOptions>? ForTests { get; set; }

    /// <summary>Keys that a partition's table has room for, whatever memory says: tests let keys leave by it.</summary>
    internal int MostKeys { get; set; } = int.MaxValue;

    /// <summary>Makes the directory where neither this nor checkpoints give one; for tests.</summary>
    internal Func<string>? MakeDirectory { get; set; }

    /// <summary>Checks all settings, as the context does, which also looks whether the store has a directory.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range; the message says which, what was
    /// found and what is expected.</exception>
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
