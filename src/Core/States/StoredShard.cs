namespace FastStream;

/// <summary>
/// One partition's <see cref="KeyedStore"/> in a running context: opened once, changed by batches, and written to the
/// disk while batches run.
/// </summary>
/// <remarks>
/// <code>
/// partition's thread   Read …            also while a snapshot is being taken
///                      Write, Delete     only while none is: check IsSaving, or wait
///                      BeginSnapshot     between batches: passes on what changed
/// another thread       changes → store → disk
/// partition's thread   SnapshotIfDone    the bytes for the checkpoint's manifest
/// </code>
/// </remarks>
internal sealed class StoredShard(IStoredPlace stores, string name) : IDisposable
{
    private KeyedStore? _store;
    private Task<ReadOnlyMemory<byte>>? _saving;
    // the error of a failed write: the store may have a part of the changes, and no snapshot of that may be made
    private Exception? _broken;

    /// <summary>The state's name and partition, for messages.</summary>
    public string Name => name;

    /// <summary>The number of the store's directory; 0 until it is open.</summary>
    public int Id { get; private set; }

    /// <summary>Whether a snapshot is being taken: nothing may be written.</summary>
    public bool IsSaving => _saving is { IsCompleted: false };

    /// <summary>Bytes of memory for the table and the store of this partition.</summary>
    public long MemoryBytes => stores.BytesOfShard;

    /// <summary>The most keys that the table of this partition has room for.</summary>
    public int MostKeys => stores.MostKeys;

    /// <summary>Opens the store; a new one if there is no snapshot.</summary>
    public void Open(int id, ReadOnlyMemory<byte>? snapshot)
    {
        Id = id;
        _store = stores.Open(name, id, snapshot, isReadOnly: false);
    }

    /// <summary>Opens a new store if none is open yet.</summary>
    public void EnsureOpen() => _ = Opened;

    /// <summary>Reads the values of those keys that are present.</summary>
    public void Read(StoredKeys keys, StoredValueReader found) => Opened.Read(keys, found);

    /// <summary>Reads all pairs.</summary>
    public void ReadAll(StoredPairReader pair) => Opened.ReadAll(pair);

    /// <summary>Writes a pair. Not while <see cref="IsSaving"/>.</summary>
    public void Write(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        try
        {
            Opened.Write(key, value);
        }
        catch (Exception error)
        {
            _broken ??= error;
            throw;
        }
    }

    /// <summary>Removes a key. Not while <see cref="IsSaving"/>.</summary>
    public void Delete(ReadOnlySpan<byte> key)
    {
        try
        {
            Opened.Delete(key);
        }
        catch (Exception error)
        {
            _broken ??= error;
            throw;
        }
    }

    /// <summary>Applies changes to the store, in order. Waits while <see cref="IsSaving"/>.</summary>
    public void Apply(StoredChanges changes)
    {
        WaitForSnapshot();
        Tell(Opened, changes);
    }

    /// <summary>Waits until no snapshot is being taken.</summary>
    public void WaitForSnapshot()
    {
        if (_saving is { IsCompleted: false } saving)
        {
            ((IAsyncResult)saving).AsyncWaitHandle.WaitOne();
        }
    }

    /// <summary>
    /// Begins to apply changes to the store and to write it to the disk. Call it between batches, when no snapshot is
    /// being taken.
    /// </summary>
    public Task<ReadOnlyMemory<byte>> BeginSnapshot(StoredChanges changes)
    {
        KeyedStore store = Opened;
        return _saving = Task.Factory.StartNew(
            () =>
            {
                Tell(store, changes);
                FailPoint.Pass("states in store");
                return store.TakeSnapshot();
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Allows the store to drop what only other snapshots need. Call it when no snapshot is being taken.</summary>
    public void Retire(IReadOnlyList<ReadOnlyMemory<byte>> kept) => _store?.Retire(kept);

    public void Dispose()
    {
        WaitForSnapshot();
        _store?.Dispose();
        _store = null;
    }

    private void Tell(KeyedStore store, StoredChanges changes)
    {
        try
        {
            changes.ApplyTo(store);
        }
        catch (Exception error)
        {
            _broken ??= error;
            throw;
        }
    }

    private KeyedStore Opened
    {
        get
        {
            if (_store is null)
            {
                Open(stores.NewId(), null);
            }

            return _broken is null
                ? _store! : throw new IOException(
                    $"The store of {name} failed: {_broken.Message} The last checkpoint stands: mend the cause, and start again.", _broken);
        }
    }
}
