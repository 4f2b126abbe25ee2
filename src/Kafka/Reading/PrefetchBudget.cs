namespace FastStream;

/// <summary>Counts the bytes read ahead and in batches, and stops reading at a bound. Safe from any thread.</summary>
internal sealed class PrefetchBudget(long maxBytes)
{
    private readonly ManualResetEventSlim _hasRoom = new(true);
    private readonly Lock _lock = new();   // makes the change of _bytes and of the event one step
    private long _bytes;

    public long Bytes => Interlocked.Read(ref _bytes);

    public bool IsFull => Bytes >= maxBytes;

    /// <summary>Whether there is enough room again to resume reading.</summary>
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
    /// <returns>Whether there is room.</returns>
    public bool Wait(TimeSpan timeout, CancellationToken cancellationToken) => _hasRoom.Wait(timeout, cancellationToken);
}
