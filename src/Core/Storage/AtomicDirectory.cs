namespace FastStream.Runtime;

/// <summary>
/// A directory that appears whole: files are written into a temporary directory beside it, which is then renamed into
/// place.
/// </summary>
/// <remarks>
/// <code>
/// out/.hits-1000.txt.writing    files are written and flushed here; what a crash left here is removed first
/// out/.hits-1000.txt.replaced   an older directory of the same name that is known to be ours, moved away and then removed
/// out/hits-1000.txt             the renamed first one; a crash between the two renames leaves no directory, and the batch is written again
/// </code>
/// Disposed without <see cref="Publish"/>, it removes what was written.
/// </remarks>
internal sealed class AtomicDirectory : IDisposable
{
    private readonly string _path;
    private readonly string _parent;
    private readonly string _writing;
    private readonly string _replaced;
    private readonly bool _isPrivate;
    private readonly Func<string, bool>? _isOurs;
    private bool _published;

    /// <param name="path">The directory to create.</param>
    /// <param name="isPrivate">
    /// Whether only the owner may read its contents; else the process's default permissions apply.
    /// </param>
    /// <param name="isOurs">
    /// Tells whether an earlier attempt left an existing directory, so that it may be replaced; default: none may be
    /// replaced.
    /// </param>
    /// <exception cref="IOException">Something else already has this path.</exception>
    public AtomicDirectory(string path, bool isPrivate = false, Func<string, bool>? isOurs = null)
    {
        _isOurs = isOurs;
        _isPrivate = isPrivate;
        _path = Path.GetFullPath(path);
        _parent = Path.GetDirectoryName(_path)
            ?? throw new ArgumentException($"\"{path}\" has no directory above it; a name inside of a directory is expected.",
                nameof(path));
        _writing = Path.Combine(_parent, $".{Path.GetFileName(_path)}.writing");
        _replaced = Path.Combine(_parent, $".{Path.GetFileName(_path)}.replaced");
        ThrowIfTaken();
        if (!Directory.Exists(_parent))
        {
            MakeDurably(_parent);
        }

        Remove(_writing);
        if (isPrivate)
        {
            PrivateFile.MakeDirectory(_writing);
        }
        else
        {
            Directory.CreateDirectory(_writing);
        }
    }

    /// <summary>Creates a file in the directory; finish it before publishing.</summary>
    public FileBufferWriter NewFile(string name, bool isSummed = false) => new(Path.Combine(_writing, name), _isPrivate, isSummed);

    /// <summary>Makes the directory appear under its name, durably.</summary>
    public void Publish()
    {
        DurableFile.FlushDirectory(_writing);
        FailPoint.Pass("directory written");
        Remove(_replaced);
        ThrowIfTaken();
        if (Directory.Exists(_path))
        {
            Directory.Move(_path, _replaced);
        }

        Directory.Move(_writing, _path);
        FailPoint.Pass("directory renamed");
        DurableFile.FlushDirectory(_parent);
        _published = true;
        Remove(_replaced);
    }

    public void Dispose()
    {
        if (!_published)
        {
            Remove(_writing);
        }
    }

    /// <summary>Creates a directory and its missing parents, and flushes all their entries to disk.</summary>
    /// <remarks>
    /// It also flushes directories that already exist: the process that created one may have been killed before the
    /// flush. It stops going up at a directory that this user may not read, which belongs to the system. It costs one
    /// <c>fsync</c> per level: use it at the start of a run, not for every batch.
    /// </remarks>
    /// <exception cref="IOException">The flush failed.</exception>
    public static void MakeDurably(string path)
    {
        var made = new Stack<string>();
        for (string? missing = path; missing is not null && !Directory.Exists(missing); missing = Path.GetDirectoryName(missing))
        {
            made.Push(missing);
        }

        foreach (string directory in made)
        {
            Directory.CreateDirectory(directory);
            DurableFile.FlushDirectory(Path.GetDirectoryName(directory)!);
        }

        string? there = made.TryPeek(out string? highest) ? Path.GetDirectoryName(highest) : path;
        while ((there = Path.GetDirectoryName(there)) is not null && DurableFile.TryFlushDirectory(there))
        {
        }
    }

    // A removed directory cannot be recovered: do not remove one that may not be ours.
    private void ThrowIfTaken()
    {
        bool isTaken = Path.Exists(_path) || new FileInfo(_path).LinkTarget is not null;
        if (isTaken && _isOurs?.Invoke(_path) != true)
        {
            throw new IOException(
                $"{_path} is there already, and is not what this program writes there; it was left as it is. Move "
                + "it away, or write under another name.");
        }
    }

    private static void Remove(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }
}
