namespace FastStream.Runtime;

/// <summary>
/// A kind of store for states, beside memory, such as FASTER: opens a <see cref="KeyedStore"/> for each partition of
/// each state.
/// </summary>
/// <remarks>Several contexts may use one at the same time; thread safe.</remarks>
public abstract class StateStore
{
    /// <summary>The name of the kind in checkpoints: short, and never changed, such as <c>faster</c>.</summary>
    public abstract string Kind { get; }

    /// <summary>Opens a store, or makes a new one if there is no snapshot.</summary>
    /// <exception cref="InvalidDataException">The snapshot's files are damaged or missing; the message names one.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public abstract KeyedStore Open(KeyedStoreSettings settings);
}

/// <summary>What a <see cref="StateStore"/> needs to open a <see cref="KeyedStore"/>.</summary>
public sealed record KeyedStoreSettings
{
    /// <summary>
    /// A directory that only this store uses. It exists, and only its owner has access; it is empty if
    /// <see cref="Snapshot"/> is null.
    /// </summary>
    public required string Directory { get; init; }

    /// <summary>The state's name and partition, for messages.</summary>
    public required string Name { get; init; }

    /// <summary>About how much memory the store may take, in bytes.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>What <see cref="KeyedStore.TakeSnapshot"/> returned; null for a store that begins empty.</summary>
    public ReadOnlyMemory<byte>? Snapshot { get; init; }

    /// <summary>Whether the store is only read: nothing in the directory may change.</summary>
    public bool IsReadOnly { get; init; }
}
