namespace FastStream;

/// <summary>
/// Where <c>SaveAsFiles</c> writes: a place in which each batch gets a directory of its own, which appears whole or not at all.
/// The local one is
/// <see cref="LocalDirectory"/>; derive from this for an object store or another file system.
/// </summary>
/// <remarks>One may serve several outputs, and several batches of different outputs at the same time: thread safe.</remarks>
public abstract class OutputDirectory
{
    /// <summary>
    /// The full address of a directory: for messages, and because two outputs of a context that would write to the same one are refused.
    /// </summary>
    /// <param name="name">The directory's name, with slashes where it lies deeper.</param>
    public abstract string AddressOf(string name);

    /// <summary>Begins a batch's directory. What an earlier try of it has left behind goes, or is replaced when the new one is
    /// published.</summary>
    /// <param name="name">The directory's name, such as <c>orders-1700000000000.csv</c>; the same for each try of the batch.</param>
    /// <param name="isReplay">
    /// Whether an earlier run of the program may have published it: then one that is there and whole stays as it is, since
    /// somebody may have
    /// read it.
    /// </param>
    /// <param name="cancellationToken">Cancelled when the context stops at once.</param>
    /// <returns>The directory, to be filled; null where a replayed batch is there already, for good.</returns>
    /// <exception cref="IOException">Something in the place is not ours, or it cannot be reached.</exception>
    public abstract ValueTask<BatchDirectory?> BeginAsync(string name, bool isReplay, CancellationToken cancellationToken);
}

/// <summary>The directory of one batch, while it is being written. What was not published when it is disposed of goes.</summary>
public abstract class BatchDirectory : IAsyncDisposable
{
    /// <summary>A new file in the directory. Called from several threads at the same time, for a file each; the last one is
    /// <c>_SUCCESS</c>.</summary>
    /// <param name="name">The file's name, such as <c>part-00000</c>; none comes twice.</param>
    /// <param name="cancellationToken">Cancelled when the context stops at once.</param>
    public abstract ValueTask<OutputFile> CreateFileAsync(string name, CancellationToken cancellationToken);

    /// <summary>Makes the directory appear under its name, for good. Called once, when all files are complete.</summary>
    /// <param name="cancellationToken">Cancelled when the context stops at once.</param>
    /// <exception cref="IOException">It does not appear.</exception>
    public abstract ValueTask PublishAsync(CancellationToken cancellationToken);

    /// <summary>Gives back what it holds, and does away with what was written where it was not published.</summary>
    public abstract ValueTask DisposeAsync();
}
