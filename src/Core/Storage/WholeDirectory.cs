namespace FastStream;

/// <summary>A directory that appears whole: files are written into one beside it, which is then renamed into place.</summary>
/// <remarks>
/// <code>
/// out/.hits-1000.txt.writing    files are written and flushed here; what a crash left here is removed first
/// out/.hits-1000.txt.replaced   an older directory of the same name, moved away and then removed
/// out/hits-1000.txt             the renamed first one; a crash between the two renames leaves no directory, and the batch is written again
/// </code>
/// Disposed without <see cref="Publish"/>, it removes what was written.
/// </remarks>
internal sealed class WholeDirectory : IDisposable
{
    private readonly string _path;
    private readonly string _parent;
    private readonly string _writing;
    private readonly string _replaced;
    private readonly bool _isPrivate;
    private bool _published;

    /// <param name="path">The directory that is to appear.</param>
    /// <param name="isPrivate">Whether only the owner may read what is in it; else as the process makes files.</param>
    public WholeDirectory(string path, bool isPrivate = false)
    {
        _isPrivate = isPrivate;
        _path = Path.GetFullPath(path);
        _parent = Path.GetDirectoryName(_path) ?? throw new ArgumentException($"\"{path}\" has no directory above it; a name inside of a directory is expected.", nameof(path));
        _writing = Path.Combine(_parent, $".{Path.GetFileName(_path)}.writing");
        _replaced = Path.Combine(_parent, $".{Path.GetFileName(_path)}.replaced");
        MakeDurably(_parent);
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

    /// <summary>A new file in the directory; finish it before publishing.</summary>
    public FileBufferWriter NewFile(string name, bool isSummed = false) => new(Path.Combine(_writing, name), _isPrivate, isSummed);

    /// <summary>Makes the directory appear under its name, durably.</summary>
    public void Publish()
    {
        DurableFile.FlushDirectory(_writing);
        CrashPoint.Pass("directory written");
        Remove(_replaced);
        if (Directory.Exists(_path))
        {
            Directory.Move(_path, _replaced);
        }

        Directory.Move(_writing, _path);
        CrashPoint.Pass("directory renamed");
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

    // A directory that is new must be in the one above it, and so on up.
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
    }

    private static void Remove(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }
}
