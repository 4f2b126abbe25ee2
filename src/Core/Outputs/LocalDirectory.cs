namespace FastStream;

/// <summary>A directory of this machine, or one that is mounted here and can rename directories.</summary>
/// <remarks>
/// A batch's directory is written beside its place under another name, brought to the disk, and then renamed: readers see all of it or
/// nothing. It replaces one that an earlier try has left; anything else in the place fails the batch and stays.
/// </remarks>
public sealed class LocalDirectory : OutputDirectory
{
    private volatile string? _durable;   // the directory whose entries are known to be on the disk

    /// <param name="path">The directory; it is made where it is not there.</param>
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
            // It is whole, and somebody may have read it: what functions give now may be something else. That it is there does not say that
            // it stays: the run that renamed it may have been killed before its entry was on the disk, and the batch counts as put out
            // after this.
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
