namespace FastStream.Runtime;

/// <summary>Receives the value of a key that was looked up.</summary>
/// <param name="index">The position of the key among those looked up.</param>
/// <param name="value">Its value; valid during the call.</param>
public delegate void StoredValueReader(int index, ReadOnlySpan<byte> value);

/// <summary>Receives one of all pairs.</summary>
/// <param name="key">The key; valid during the call.</param>
/// <param name="value">Its value; valid during the call.</param>
public delegate void StoredPairReader(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

/// <summary>
/// One partition's keys and values outside the engine's table, as bytes: the states that are not in the table at the
/// moment, and all states when a snapshot is taken.
/// </summary>
/// <remarks>
/// To add a store, derive from this class and from <see cref="StateStore"/>, and call <c>KeyedStoreContract.Check</c>
/// of FastStream.TestKit in a test. Two threads may use a store at the same time: one that calls <see cref="Read"/> and
/// <see cref="ReadAll"/>, and one that calls <see cref="Write"/>, <see cref="Delete"/> and <see cref="TakeSnapshot"/>;
/// the second never writes a key that the first reads. No other calls overlap.
/// </remarks>
public abstract class KeyedStore : IDisposable
{
    /// <summary>Looks keys up together, so that waits for a disk overlap.</summary>
    /// <param name="keys">The keys; none occurs twice.</param>
    /// <param name="found">Called for each key that is present, in any order, before this returns.</param>
    /// <exception cref="InvalidDataException">The disk returned other data than were written.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public abstract void Read(StoredKeys keys, StoredValueReader found);

    /// <summary>Gives a key a value, in place of the one it may have.</summary>
    /// <exception cref="InvalidOperationException">Key and value are larger than the store can hold.</exception>
    /// <exception cref="IOException">The disk failed; this store can no longer be used.</exception>
    public abstract void Write(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    /// <summary>Removes a key, which may be absent.</summary>
    /// <exception cref="IOException">The disk failed; this store can no longer be used.</exception>
    public abstract void Delete(ReadOnlySpan<byte> key);

    /// <summary>Reads all pairs, each once, in any order. The caller does not change the store meanwhile.</summary>
    /// <exception cref="InvalidDataException">The disk returned other data than were written.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public abstract void ReadAll(StoredPairReader pair);

    /// <summary>Makes everything that was written durable, so that it survives a power loss.</summary>
    /// <returns>
    /// What <see cref="KeyedStoreSettings.Snapshot"/> needs to open the store as it is now. The checkpoint's manifest
    /// holds it: it must be small, and its form is the store's own.
    /// </returns>
    /// <exception cref="IOException">The write failed. Earlier snapshots can still be opened.</exception>
    public abstract ReadOnlyMemory<byte> TakeSnapshot();

    /// <summary>
    /// Allows the store to drop what only other snapshots than these need. The thread that calls
    /// <see cref="TakeSnapshot"/> calls this too, between those calls.
    /// </summary>
    /// <param name="kept">Snapshots that must remain readable.</param>
    public abstract void Retire(IReadOnlyList<ReadOnlyMemory<byte>> kept);

    /// <summary>Bytes of memory that the store holds now, for metrics; 0 if unknown.</summary>
    public virtual long MemoryBytes => 0;

    /// <summary>Closes files and returns memory. Data written since the last snapshot may be lost.</summary>
    public abstract void Dispose();
}
