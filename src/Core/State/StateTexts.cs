namespace FastStream;

/// <summary>Where the texts of states lie. Replaced ones stay until most of the memory is of such; then the others move together.</summary>
internal sealed class StateTexts<TState> : IDisposable
{
    private readonly TextMemory _memory = new();
    private TextLease _lease = new();
    private TextLease? _old;      // while the texts move
    private long _liveBytes;
    private long _deadBytes;

    public bool ShouldCompact => _deadBytes > TextMemory.ChunkBytes && _deadBytes > _liveBytes;

    /// <summary>Puts another state in the place of one.</summary>
    public void Replace(ref TState place, TState state, bool exists)
    {
        if (!RecordTexts<TState>.Any)
        {
            place = state;
            return;
        }

        Forget(ref place, exists);
        place = state;
        RecordTexts<TState>.Copy(ref place, _memory, _lease);
        _liveBytes += RecordTexts<TState>.LongBytes(ref place);
    }

    /// <summary>Empties a place.</summary>
    public void Forget(ref TState place, bool exists)
    {
        if (exists && RecordTexts<TState>.Any)
        {
            long bytes = RecordTexts<TState>.LongBytes(ref place);
            _liveBytes -= bytes;
            _deadBytes += bytes;
        }

        place = default!;
    }

    /// <summary>Counts a state as gone and the one that it has replaced as there again: the batch that changed it is given up.</summary>
    public void GoBack(ref TState place, bool exists, ref TState before, bool existed)
    {
        Forget(ref place, exists);
        if (existed && RecordTexts<TState>.Any)
        {
            long bytes = RecordTexts<TState>.LongBytes(ref before);
            _liveBytes += bytes;
            _deadBytes -= bytes;
        }
    }

    public void HoldFor(BatchScope batch)
    {
        if (RecordTexts<TState>.Any)
        {
            batch.Keep(_lease.Retain());
        }
    }

    public void BeginCompaction()
    {
        _old = _lease;
        _lease = new TextLease();
        _liveBytes = 0;
        _deadBytes = 0;
    }

    public void Keep(ref TState place)
    {
        RecordTexts<TState>.Copy(ref place, _memory, _lease);
        _liveBytes += RecordTexts<TState>.LongBytes(ref place);
    }

    public void EndCompaction()
    {
        _old!.Dispose();
        _old = null;
    }

    public void Dispose() => _lease.Dispose();
}
