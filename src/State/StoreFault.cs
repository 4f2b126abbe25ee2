namespace FastStream;

/// <summary>
/// The first failure of a store's files. FASTER continues as if nothing had happened, so its callers must check here
/// before they use what FASTER returned.
/// </summary>
internal sealed class StoreFault
{
    private Exception? _first;

    /// <summary>Notes a failure, unless there was an earlier one. From any thread.</summary>
    public void Set(Exception error) => Interlocked.CompareExchange(ref _first, error, null);

    /// <summary>Throws the failure, if there is one.</summary>
    /// <exception cref="InvalidDataException">A file is not as it was written.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public void ThrowIfAny()
    {
        if (Volatile.Read(ref _first) is { } error)
        {
            throw error is InvalidDataException ? new InvalidDataException(error.Message, error) : new IOException(error.Message, error);
        }
    }
}
