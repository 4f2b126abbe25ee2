namespace FastStream.Runtime;

/// <summary>Takes the value of a key that was asked for.</summary>
/// <param name="index">The key's place among those asked for.</param>
/// <param name="value">Its value; valid during the call.</param>
public delegate void StoredValueReader(int index, ReadOnlySpan<byte> value);

/// <summary>Takes one of all pairs.</summary>
/// <param name="key">The key; valid during the call.</param>
/// <param name="value">Its value; valid during the call.</param>
public delegate void StoredPairReader(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

/// <summary>
/// One partition's keys and values below memory, as bytes: states that the engine has not in its table now, and all of
/// them when a snapshot is taken.
/// </summary>
/// <remarks>
/// To add a store, derive from this and from <see cref="StateStore"/>, and let your test project derive from
/// <c>KeyedStoreContract</c> of FastStream.TestKit. Two threads may be in it at the same time: one that calls
/// <see cref="Read"/> and <see cref="ReadAll"/>, and one that calls <see cref="Write"/>, <see cref="Delete"/> and
/// <see cref="TakeSnapshot"/>; the second one never writes a key that the first one reads. Nothing else is called at the same time.
/// </remarks>
public abstract class KeyedStore : IDisposable
{
    /// <summary>Looks keys up together, so that waits for a disk overlap.</summary>
    /// <param name="keys">The keys; none twice.</param>
    /// <param name="found">Called for each key that is there, in any order, before this returns.</param>
    /// <exception cref="InvalidDataException">What the disk gave is not what was written.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public abstract void Read(StoredKeys keys, StoredValueReader found);

    /// <summary>Gives a key a value, in place of the one it may have.</summary>
    /// <exception cref="InvalidOperationException">Key and value are larger than the store can hold.</exception>
    /// <exception cref="IOException">The disk failed; this store can be used no more.</exception>
    public abstract void Write(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    /// <summary>Removes a key, which need not be there.</summary>
    /// <exception cref="IOException">The disk failed; this store can be used no more.</exception>
    public abstract void Delete(ReadOnlySpan<byte> key);

    /// <summary>Walks over all pairs, each once, in any order. The store is not changed meanwhile by whoever calls it.</summary>
    /// <exception cref="InvalidDataException">What the disk gave is not what was written.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public abstract void ReadAll(StoredPairReader pair);

    /// <summary>Brings everything that was written to the disk, so that a power loss leaves it there.</summary>
    /// <returns>
    /// What <see cref="KeyedStoreSettings.Snapshot"/> needs to open the store as it is now. It is kept in the
    /// checkpoint's manifest: small, and of a form of the store's own.
    /// </returns>
    /// <exception cref="IOException">The disk did not take it. Earlier snapshots can still be opened.</exception>
    public abstract ReadOnlyMemory<byte> TakeSnapshot();

    /// <summary>
    /// What only other snapshots than these need may go. Between <see cref="TakeSnapshot"/> calls, by the thread that
    /// makes them.
    /// </summary>
    /// <param name="kept">Snapshots that must stay such that they can be opened.</param>
    public abstract void Retire(IReadOnlyList<ReadOnlyMemory<byte>> kept);

    /// <summary>Bytes of memory that the store holds now, for metrics; 0 where it is not known.</summary>
    public virtual long MemoryBytes => 0;

    /// <summary>Closes files and gives memory back. What was written since the last snapshot need not be there afterwards.</summary>
    public abstract void Dispose();
}
