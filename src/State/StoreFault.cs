namespace FastStream;

/// <summary>
/// What first went wrong with a store's files. FASTER goes on as if nothing had happened: whoever called it asks here
/// before it uses what FASTER gave.
/// </summary>
internal sealed class StoreFault
{
    private Exception? _first;

    /// <summary>Notes what went wrong, unless something did before; from any thread.</summary>
    public void Set(Exception error) => Interlocked.CompareExchange(ref _first, error, null);

    /// <summary>Throws what went wrong.</summary>
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
