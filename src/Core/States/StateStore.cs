namespace FastStream.Runtime;

/// <summary>
/// A kind of place for states beside memory, such as FASTER: opens a <see cref="KeyedStore"/> for each partition of
/// each state.
/// </summary>
/// <remarks>One may be used by several contexts at the same time; thread safe.</remarks>
public abstract class StateStore
{
    /// <summary>What checkpoints remember of it: a short name that never changes, such as <c>faster</c>.</summary>
    public abstract string Kind { get; }

    /// <summary>Opens a store, or makes a new one where no snapshot is given.</summary>
    /// <exception cref="InvalidDataException">The snapshot's files are damaged or missing; the message names one.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public abstract KeyedStore Open(KeyedStoreSettings settings);
}

/// <summary>What a <see cref="StateStore"/> needs to open a <see cref="KeyedStore"/>.</summary>
public sealed record KeyedStoreSettings
{
    /// <summary>
    /// A directory that is this store's alone. It is there, for its owner alone; empty where <see cref="Snapshot"/> is
    /// null.
    /// </summary>
    public required string Directory { get; init; }

    /// <summary>The state's name and partition, for messages.</summary>
    public required string Name { get; init; }

    /// <summary>About how much memory the store may take, in bytes.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>What <see cref="KeyedStore.TakeSnapshot"/> gave; null for a store that begins empty.</summary>
    public ReadOnlyMemory<byte>? Snapshot { get; init; }

    /// <summary>Whether it is opened to be read only: nothing in the directory may change.</summary>
    public bool IsReadOnly { get; init; }
}
