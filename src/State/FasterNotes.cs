using FASTER.core;

namespace FastStream;

/// <summary>Keeps FASTER's checkpoint metadata: it goes into the snapshot, not into files of FASTER's own.</summary>
/// <param name="directory">Directory of the index files.</param>
/// <param name="fault">Notes failures.</param>
/// <param name="isReadOnly">Whether nothing may change.</param>
internal sealed class FasterNotes(string directory, StoreFault fault, bool isReadOnly) : ICheckpointManager
{
    private readonly Dictionary<Guid, byte[]> _log = [];
    private readonly Dictionary<Guid, byte[]> _index = [];
    private FasterSnapshot? _opened;   // the snapshot that the store is opened from

    /// <summary>Adds the metadata of a snapshot from an earlier run.</summary>
    public void Add(FasterSnapshot snapshot)
    {
        _opened = snapshot;
        _log[snapshot.Log] = snapshot.LogNotes;
        if (snapshot.IndexNotes is { } index)
        {
            _index[snapshot.Index] = index;
        }
    }

    /// <summary>Returns the beginning of the names of an index's files.</summary>
    public static string NameOf(Guid index) => $"index-{index:N}";

    public void CommitLogCheckpoint(Guid logToken, byte[] commitMetadata)
    {
        _log.Clear();
        _log[logToken] = commitMetadata;
    }

    public void CommitIndexCheckpoint(Guid indexToken, byte[] commitMetadata)
    {
        _index.Clear();
        _index[indexToken] = commitMetadata;
    }

    public byte[] GetLogCheckpointMetadata(Guid logToken, DeltaLog deltaLog, bool scanDelta = false, long recoverTo = -1) => _log[logToken];

    public byte[] GetIndexCheckpointMetadata(Guid indexToken) => _index[indexToken];

    public IEnumerable<Guid> GetIndexCheckpointTokens() => _index.Keys;

    public IEnumerable<Guid> GetLogCheckpointTokens() => _log.Keys;

    public IDevice GetIndexDevice(Guid indexToken)
    {
        var device = new SummedDevice(directory, NameOf(indexToken), fault, isReadOnly) { FlushesAtEnd = true };
        device.Initialize(-1);
        if (indexToken == _opened?.Index)
        {
            device.OpenThere(0, _opened.IndexFileBytes, long.MaxValue);
        }

        return device;
    }

    // For kinds of checkpoints that this store does not make.
    public IDevice GetSnapshotLogDevice(Guid token) => throw new NotSupportedException();

    public IDevice GetSnapshotObjectLogDevice(Guid token) => throw new NotSupportedException();

    public IDevice GetDeltaLogDevice(Guid token) => null!;

    public void CommitLogIncrementalCheckpoint(Guid logToken, long version, byte[] commitMetadata, DeltaLog deltaLog) =>
        throw new NotSupportedException();

    public void InitializeIndexCheckpoint(Guid indexToken)
    {
    }

    public void InitializeLogCheckpoint(Guid logToken)
    {
    }

    public void CheckpointVersionShift(long oldVersion, long newVersion)
    {
    }

    public void Purge(Guid token)
    {
    }

    public void PurgeAll()
    {
    }

    public void OnRecovery(Guid indexToken, Guid logToken)
    {
    }

    public void Dispose()
    {
    }
}
