using System.Globalization;

namespace FastStream;

/// <summary>The stores of a context's states: the directory of each, and how much memory it may take.</summary>
/// <remarks><code>
/// states/000007/     a store of one partition of one state; checkpoints name it by its number
/// states/000009/
/// </code>
/// Stores that no kept checkpoint names are removed. Used by one thread at a time, except for <see cref="Open"/>.
/// </remarks>
internal sealed class StateStores : IStoredPlace, IDisposable
{
    private readonly StateOptions _options;
    private readonly List<StoredShard> _shards = [];
    private readonly FileStream? _lock;     // of a directory of its own; that of the checkpoints has one
    private readonly string _directory;
    private int _lastId;

    public StateStores(StreamingOptions options)
    {
        _options = options.State;
        Serializers = options.Checkpoint?.Serializers ?? _options.Serializers ?? new RecordSerializers();
        string root = Path.GetFullPath(_options.Directory ?? options.Checkpoint?.Directory ?? _options.MakeDirectory!());
        _lock = _options.Directory is null || (options.Checkpoint is { } checkpoint && Path.GetFullPath(checkpoint.Directory) == root)
            ? null : JobDirectory.Take(root);
        _directory = Path.Combine(root, "states");
        PrivateFile.MakeDirectory(_directory);
        _lastId = Ids().Append(0).Max();
        if (options.Checkpoint is null)
        {
            RemoveAllBut([]);
        }
    }

    public RecordSerializers Serializers { get; }

    /// <summary>How long a snapshot may take before a warning.</summary>
    public TimeSpan SlowSnapshot => _options.SlowSnapshotWarning;

    /// <summary>The name of the kind of store in checkpoints.</summary>
    public string Kind => _options.Store!.Kind;

    /// <summary>Bytes of memory for one partition of one state, for its table and its store together.</summary>
    public long BytesOfShard => _options.MemoryBytes / Math.Max(1, _shards.Count);

    /// <summary>The most keys that a partition's table has room for.</summary>
    public int MostKeys => _options.MostKeys;

    /// <summary>Adds one partition of one state. Call it while the graph is built.</summary>
    public StoredShard Add(string name)
    {
        var shard = new StoredShard(this, name);
        _shards.Add(shard);
        return shard;
    }

    /// <summary>A number for a new store.</summary>
    public int NewId() => Interlocked.Increment(ref _lastId);

    /// <summary>Opens the store that has a number.</summary>
    public KeyedStore Open(string name, int id, ReadOnlyMemory<byte>? snapshot, bool isReadOnly)
    {
        string path = PathOf(id);
        if (snapshot is null)
        {
            PrivateFile.MakeDirectory(path);
            DurableFile.FlushDirectory(_directory);
        }
        else if (!Directory.Exists(path))
        {
            throw new InvalidDataException(
                $"The states of {name} were in {path}, which no longer exists. Restore an undamaged copy, or use "
                + "an older checkpoint by moving newer ones away.");
        }

        // Half is for the table of the states in use, half for the store behind it.
        return _options.Store!.Open(new KeyedStoreSettings
            { Directory = path, Name = name, MemoryBytes = BytesOfShard / 2, Snapshot = snapshot, IsReadOnly = isReadOnly });
    }

    /// <summary>
    /// Releases stores and snapshots that no kept checkpoint names. Call it when no snapshot is being taken.
    /// </summary>
    /// <param name="kept">The numbers and snapshots that kept checkpoints name.</param>
    public void Retire(IReadOnlyCollection<(int Id, ReadOnlyMemory<byte> Snapshot)> kept)
    {
        foreach (StoredShard shard in _shards.Where(shard => shard.Id != 0))
        {
            shard.Retire([.. kept.Where(each => each.Id == shard.Id).Select(each => each.Snapshot)]);
        }

        RemoveAllBut([.. kept.Select(each => each.Id), .. _shards.Select(shard => shard.Id)]);
    }

    /// <summary>
    /// Releases the directory to others, but leaves the stores open: code that does not return may be using one.
    /// </summary>
    public void LeaveBehind() => _lock?.Dispose();

    public void Dispose()
    {
        foreach (StoredShard shard in _shards)
        {
            shard.Dispose();
        }

        _lock?.Dispose();
    }

    private void RemoveAllBut(HashSet<int> ids)
    {
        foreach (int id in Ids().Where(id => !ids.Contains(id)))
        {
            Directory.Delete(PathOf(id), recursive: true);
        }
    }

    private List<int> Ids() =>
    [
        .. from path in Directory.EnumerateDirectories(_directory)
           let name = Path.GetFileName(path)
           let id = int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int parsed) ? parsed : 0
           where id > 0 && name == NameOf(id)
           select id,
    ];

    private static string NameOf(int id) => id.ToString("D6", CultureInfo.InvariantCulture);

    private string PathOf(int id) => Path.Combine(_directory, NameOf(id));
}

/// <summary>The stores that keep the states of a graph's streams.</summary>
internal static class GraphStores
{
    extension(GraphBuilder graph)
    {
        /// <summary>The stores of states that are not in memory; null if all are.</summary>
        public StateStores? Stores => graph.Services as StateStores;
    }
}
