namespace FastStream.Tests.Recovery;

/// <summary>
/// A model of what a disk has after a loss of power: files as they were last synced, under the names that their directories had when
/// those were last synced, and nothing else.
/// </summary>
/// <remarks>
/// The worst that a disk may do, and the only thing that is promised. A directory that was renamed keeps what was synced in it; the
/// names <c>.NAME.writing</c> and <c>NAME</c> are all that a
/// program here renames and goes on with.
/// </remarks>
internal sealed class SyncedDisk
{
    private readonly string _root;
    // guards the two below; files are synced by several threads
    private readonly Lock _lock = new();
    private readonly Dictionary<string, byte[]> _files;                                // by path in the root, as synced
    private readonly Dictionary<string, Dictionary<string, bool>> _directories;        // the same; by name, whether it is a directory

    /// <summary>A disk that has all that is in a directory.</summary>
    public SyncedDisk(string root)
    {
        _root = root;
        _files = [];
        _directories = new() { [""] = [] };
    }

    private SyncedDisk(string root, SyncedDisk other)
    {
        _root = root;
        _files = new(other._files);
        _directories = other._directories.ToDictionary(each => each.Key, each => new Dictionary<string, bool>(each.Value));
    }

    /// <summary>Told after each sync, with the path; by the thread that synced.</summary>
    public Action<string>? Synced { get; set; }

    /// <summary>The disk as it is now, for a copy of the directory.</summary>
    public SyncedDisk Copy(string root)
    {
        lock (_lock)
        {
            return new SyncedDisk(root, this);
        }
    }

    /// <summary>Takes note of a sync; of other directories than the root nothing.</summary>
    public void OnSynced(string path)
    {
        if (path != _root && !path.StartsWith(_root + "/", StringComparison.Ordinal))
        {
            return;
        }

        string name = path == _root ? "" : Path.GetRelativePath(_root, path);
        lock (_lock)
        {
            if (Directory.Exists(path))
            {
                _directories[name] = new DirectoryInfo(path).EnumerateFileSystemInfos()
                    .ToDictionary(entry => entry.Name, entry => entry is DirectoryInfo);
                foreach ((string entry, bool isDirectory) in _directories[name])
                {
                    if (isDirectory && !Directory.Exists(Path.Combine(path, $".{entry}.writing")))
                    {
                        Rename(Path.Combine(name, $".{entry}.writing"), Path.Combine(name, entry));
                    }
                }
            }
            else
            {
                using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                byte[] bytes = new byte[file.Length];
                file.ReadExactly(bytes);
                _files[name] = bytes;
            }
        }

        Synced?.Invoke(name);
    }

    /// <summary>Makes the directory that is there when the power comes back.</summary>
    public void WriteTo(string target) => WriteTo(target, "");

    private void WriteTo(string target, string name)
    {
        if (!_directories.TryGetValue(name, out Dictionary<string, bool>? entries))
        {
            return;   // its own entries were never synced
        }

        foreach ((string entry, bool isDirectory) in entries)
        {
            string path = Path.Combine(name, entry);
            if (isDirectory)
            {
                Directory.CreateDirectory(Path.Combine(target, path));
                WriteTo(target, path);
            }
            else
            {
                File.WriteAllBytes(Path.Combine(target, path), _files.GetValueOrDefault(path, []));
            }
        }
    }

    private void Rename(string from, string to)
    {
        if (_directories.Remove(from, out Dictionary<string, bool>? entries))
        {
            _directories[to] = entries;
            foreach (string file in entries.Keys)
            {
                if (_files.Remove(Path.Combine(from, file), out byte[]? bytes))
                {
                    _files[Path.Combine(to, file)] = bytes;
                }
            }
        }
    }
}
