namespace FastStream;

/// <summary>
/// Where <c>SaveAsFiles</c> writes: a place in which each batch has a directory of its own, which appears whole or not
/// at all. <see cref="LocalDirectory"/> is the local one; derive from this class for an object store or another file
/// system.
/// </summary>
/// <remarks>One may serve several outputs, and several batches of different outputs at the same time: thread safe.</remarks>
public abstract class OutputDirectory
{
    /// <summary>
    /// The full address of a directory: for messages, and because a context refuses two outputs that would write to the
    /// same one.
    /// </summary>
    /// <param name="name">The directory's name, with slashes if it is in another directory.</param>
    public abstract string AddressOf(string name);

    /// <summary>
    /// Begins a batch's directory. What an earlier attempt has left behind is removed, or is replaced when the new one
    /// is published.
    /// </summary>
    /// <param name="name">The directory's name, such as <c>orders-1700000000000.csv</c>; the same for each attempt of
    /// the batch.</param>
    /// <param name="isReplay">
    /// Whether an earlier run of the program may have published the directory: if it exists and is whole, it then stays
    /// as it is, because somebody may have read it.
    /// </param>
    /// <param name="cancellationToken">Cancelled when the context stops at once.</param>
    /// <returns>The directory to fill; null if the directory of a replayed batch exists already, for good.</returns>
    /// <exception cref="IOException">Something in the place is not ours, or the place cannot be reached.</exception>
    public abstract ValueTask<BatchDirectory?> BeginAsync(string name, bool isReplay, CancellationToken cancellationToken);
}

/// <summary>
/// The directory of one batch while it is being written. Disposing of it removes the directory, unless that was
/// published.
/// </summary>
public abstract class BatchDirectory : IAsyncDisposable
{
    /// <summary>
    /// Makes a new file in the directory. Several threads call it at the same time, each for a file of its own; the
    /// last file is <c>_SUCCESS</c>.
    /// </summary>
    /// <param name="name">The file's name, such as <c>part-00000</c>; none occurs twice.</param>
    /// <param name="cancellationToken">Cancelled when the context stops at once.</param>
    public abstract ValueTask<OutputFile> CreateFileAsync(string name, CancellationToken cancellationToken);

    /// <summary>Makes the directory appear under its name, for good. Called once, when all files are complete.</summary>
    /// <param name="cancellationToken">Cancelled when the context stops at once.</param>
    /// <exception cref="IOException">The directory does not appear.</exception>
    public abstract ValueTask PublishAsync(CancellationToken cancellationToken);

    /// <summary>Releases resources, and removes the directory unless it was published.</summary>
    public abstract ValueTask DisposeAsync();
}
