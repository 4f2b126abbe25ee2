namespace FastStream;

/// <summary>A directory of this machine, or one mounted on it, in a file system that can rename directories.</summary>
/// <remarks>
/// A batch's directory is written beside its place under another name, flushed to the disk, and then renamed: readers
/// see all of it or nothing. It replaces the directory of an earlier attempt; if anything else is in the place, that
/// stays and the batch fails.
/// </remarks>
public sealed class LocalDirectory : OutputDirectory
{
    private volatile string? _durable;   // the directory whose entries are known to be on the disk

    /// <param name="path">The directory; it is made if it does not exist.</param>
    public LocalDirectory(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        Path = path;
    }

    /// <summary>The directory, as it was given.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public override string AddressOf(string name) => System.IO.Path.GetFullPath(System.IO.Path.Combine(Path, name));

    /// <inheritdoc/>
    public override ValueTask<BatchDirectory?> BeginAsync(string name, bool isReplay, CancellationToken cancellationToken)
    {
        string path = AddressOf(name);
        string parent = System.IO.Path.GetDirectoryName(path)!;
        if (_durable != parent)
        {
            AtomicDirectory.MakeDurably(parent);
            _durable = parent;
        }

        if (isReplay && SavedDirectory.IsWhole(path))
        {
            // The directory is whole, and somebody may have read it: the functions may give something else now. But it
            // need not be durable: the run that renamed it may have been killed before its entry was on the disk, and
            // the batch counts as output after this.
            DurableFile.FlushDirectory(parent);
            return new ValueTask<BatchDirectory?>((BatchDirectory?)null);
        }

        return new ValueTask<BatchDirectory?>(new LocalBatch(new AtomicDirectory(path, isOurs: SavedDirectory.IsOurs)));
    }

    private sealed class LocalBatch(AtomicDirectory directory) : BatchDirectory
    {
        public override ValueTask<OutputFile> CreateFileAsync(string name, CancellationToken cancellationToken) =>
            new(directory.NewFile(name));

        public override ValueTask PublishAsync(CancellationToken cancellationToken)
        {
            directory.Publish();
            return ValueTask.CompletedTask;
        }

        public override ValueTask DisposeAsync()
        {
            directory.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
