namespace FastStream;

/// <summary>
/// One partition's <see cref="KeyedStore"/> in a running context: opened once, told of changes, and brought to the disk
/// beside the batches.
/// </summary>
/// <remarks>
/// <code>
/// partition's thread   Read …            also while a snapshot is on its way
///                      Write, Delete     only while none is: ask IsSaving, or wait
///                      BeginSnapshot     between batches: hands over what changed
/// thread of its own    changes → store → disk
/// partition's thread   SnapshotIfDone    the bytes for the checkpoint's manifest
/// </code>
/// </remarks>
internal sealed class StoredShard(IStoredPlace stores, string name) : IDisposable
{
    private KeyedStore? _store;
    private Task<ReadOnlyMemory<byte>>? _saving;
    // what the store failed with while it was written to: it may have a part of the changes, and no snapshot may be
    // made of that
    private Exception? _broken;

    /// <summary>The state's name and partition, for messages.</summary>
    public string Name => name;

    /// <summary>The number of the store's directory; 0 until it is open.</summary>
    public int Id { get; private set; }

    /// <summary>Whether a snapshot is on its way: nothing may be written.</summary>
    public bool IsSaving => _saving is { IsCompleted: false };

    /// <summary>Memory for the table and the store of this partition, in bytes.</summary>
    public long MemoryBytes => stores.BytesOfShard;

    /// <summary>Keys that the table of this partition has room for at most.</summary>
    public int MostKeys => stores.MostKeys;

    /// <summary>Opens the store: a new one where there is no snapshot.</summary>
    public void Open(int id, ReadOnlyMemory<byte>? snapshot)
    {
        Id = id;
        _store = stores.Open(name, id, snapshot, isReadOnly: false);
    }

    /// <summary>Opens a new store where none is open yet.</summary>
    public void EnsureOpen() => _ = Opened;

    /// <summary>Reads what is there of the keys.</summary>
    public void Read(StoredKeys keys, StoredValueReader found) => Opened.Read(keys, found);

    /// <summary>Walks over all that is there.</summary>
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

    /// <summary>Tells the store what was noted, in order. Waits while <see cref="IsSaving"/>.</summary>
    public void Apply(StoredChanges changes)
    {
        WaitForSnapshot();
        Tell(Opened, changes);
    }

    /// <summary>Waits until no snapshot is on its way.</summary>
    public void WaitForSnapshot()
    {
        if (_saving is { IsCompleted: false } saving)
        {
            ((IAsyncResult)saving).AsyncWaitHandle.WaitOne();
        }
    }

    /// <summary>Begins to bring the store to the disk with what has changed. Between batches, when none is on its way.</summary>
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

    /// <summary>What only other snapshots need may go. When none is on its way.</summary>
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
