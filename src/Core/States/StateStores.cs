using System.Globalization;

namespace FastStream;

/// <summary>The stores of a context's states: which directory is whose, and how much memory each may take.</summary>
/// <remarks><code>
/// states/000007/     a store of one partition of one state; checkpoints name it by its number
/// states/000009/
/// </code>
/// What no kept checkpoint names goes. Used by one thread at a time, but for <see cref="Open"/>.
/// </remarks>
internal sealed class StateStores : IStoredPlace, IDisposable
{
    private readonly StateOptions _options;
    private readonly List<StoredShard> _shards = [];
    private readonly FileStream? _lock;     // of a directory of their own; that of the checkpoints has one
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

    /// <summary>After how long a snapshot is warned of.</summary>
    public TimeSpan SlowSnapshot => _options.SlowSnapshotWarning;

    /// <summary>What checkpoints call the kind of store.</summary>
    public string Kind => _options.Store!.Kind;

    /// <summary>Memory for one partition of one state, its table and its store, in bytes.</summary>
    public long BytesOfShard => _options.MemoryBytes / Math.Max(1, _shards.Count);

    /// <summary>Keys that a partition's table has room for at most.</summary>
    public int MostKeys => _options.MostKeys;

    /// <summary>Adds one partition of one state. While the graph is built.</summary>
    public StoredShard Add(string name)
    {
        var shard = new StoredShard(this, name);
        _shards.Add(shard);
        return shard;
    }

    /// <summary>The number for a new store.</summary>
    public int NewId() => Interlocked.Increment(ref _lastId);

    /// <summary>Opens the store of a number.</summary>
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
                $"The states of {name} were in {path}, which is gone. Bring an undamaged copy back, or go back to "
                + "an older checkpoint by moving newer ones away.");
        }

        // Half for the table of what is in use, half for the store behind it.
        return _options.Store!.Open(new KeyedStoreSettings
            { Directory = path, Name = name, MemoryBytes = BytesOfShard / 2, Snapshot = snapshot, IsReadOnly = isReadOnly });
    }

    /// <summary>Lets go of stores and snapshots that no kept checkpoint names. When no snapshot is on its way.</summary>
    /// <param name="kept">The numbers and snapshots that are named.</param>
    public void Retire(IReadOnlyCollection<(int Id, ReadOnlyMemory<byte> Snapshot)> kept)
    {
        foreach (StoredShard shard in _shards.Where(shard => shard.Id != 0))
        {
            shard.Retire([.. kept.Where(each => each.Id == shard.Id).Select(each => each.Snapshot)]);
        }

        RemoveAllBut([.. kept.Select(each => each.Id), .. _shards.Select(shard => shard.Id)]);
    }

    /// <summary>Lets others have the directory, and leaves the stores as they are: something that does not return may be in one.</summary>
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

/// <summary>The stores that a graph's streams keep their states in.</summary>
internal static class GraphStores
{
    extension(GraphBuilder graph)
    {
        /// <summary>Where states lie that are not in memory; null where all are.</summary>
        public StateStores? Stores => graph.Services as StateStores;
    }
}
