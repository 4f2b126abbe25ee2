namespace FastStream;

/// <summary>Counts the bytes that are read ahead and in batches, and holds the reading up at a bound. Safe from any thread.</summary>
internal sealed class PrefetchBudget(long maxBytes)
{
    private readonly ManualResetEventSlim _hasRoom = new(true);
    private readonly Lock _lock = new();   // guards the change of _bytes together with the event
    private long _bytes;

    public long Bytes => Interlocked.Read(ref _bytes);

    public bool IsFull => Bytes >= maxBytes;

    /// <summary>Whether there is so much room again that going on is worth while.</summary>
    public bool IsHalfEmpty => Bytes <= maxBytes / 2;

    public void Add(long bytes)
    {
        lock (_lock)
        {
            _bytes += bytes;
            if (_bytes >= maxBytes)
            {
                _hasRoom.Reset();
            }
        }
    }

    public void Remove(long bytes)
    {
        lock (_lock)
        {
            _bytes -= bytes;
            if (_bytes < maxBytes)
            {
                _hasRoom.Set();
            }
        }
    }

    /// <summary>Waits for room.</summary>
    /// <returns>Whether there is some.</returns>
    public bool Wait(TimeSpan timeout, CancellationToken cancellationToken) => _hasRoom.Wait(timeout, cancellationToken);
}
