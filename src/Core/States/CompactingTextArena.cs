namespace FastStream;

/// <summary>
/// The memory of the texts of keys or states. Texts of removed records stay until most of the memory is theirs; then
/// the other texts are moved together.
/// </summary>
internal sealed class CompactingTextArena<T> : IDisposable
{
    private readonly TextArena _memory = new();
    private ArenaLease _lease = new();
    private ArenaLease? _old;      // while the texts move
    private long _liveBytes;
    private long _deadBytes;

    /// <summary>Bytes of the texts in use.</summary>
    public long LiveBytes => _liveBytes;

    public bool ShouldCompact => RecordTexts<T>.Any && _deadBytes >= TextArena.ChunkBytes && _deadBytes >= _liveBytes;

    /// <summary>Replaces a record by another one, whose texts it copies.</summary>
    public void Replace(ref T place, T record, bool exists)
    {
        if (!RecordTexts<T>.Any)
        {
            place = record;
            return;
        }

        Forget(ref place, exists);
        place = record;
        Keep(ref place);
    }

    /// <summary>Removes a record.</summary>
    public void Forget(ref T place, bool exists)
    {
        if (exists && RecordTexts<T>.Any)
        {
            long bytes = RecordTexts<T>.LongBytes(ref place);
            _liveBytes -= bytes;
            _deadBytes += bytes;
        }

        place = default!;
    }

    /// <summary>Undoes a replacement: counts a record as removed, and the one that it replaced as present again.</summary>
    public void RollBack(ref T place, bool exists, ref T before, bool existed)
    {
        Forget(ref place, exists);
        if (existed && RecordTexts<T>.Any)
        {
            long bytes = RecordTexts<T>.LongBytes(ref before);
            _liveBytes += bytes;
            _deadBytes -= bytes;
        }
    }

    /// <summary>Keeps the texts valid as long as a batch that reads them.</summary>
    public void HoldFor(BatchContext batch)
    {
        if (RecordTexts<T>.Any)
        {
            batch.Keep(_lease.Retain());
        }
    }

    /// <summary>
    /// Begins a compaction: until <see cref="EndCompaction"/> the caller passes every present record to
    /// <see cref="Keep"/>.
    /// </summary>
    public void BeginCompaction()
    {
        _old = _lease;
        _lease = new ArenaLease();
        _liveBytes = 0;
        _deadBytes = 0;
    }

    /// <summary>Copies the texts of a record that is new, or that moves in a compaction.</summary>
    public void Keep(ref T place)
    {
        if (RecordTexts<T>.Any)
        {
            RecordTexts<T>.Copy(ref place, _memory, _lease);
            _liveBytes += RecordTexts<T>.LongBytes(ref place);
        }
    }

    public void EndCompaction()
    {
        _old!.Dispose();
        _old = null;
    }

    public void Dispose() => _lease.Dispose();
}
