namespace FastStream;

/// <summary>
/// Where the texts of keys or states lie. Those that are gone stay until most of the memory is of such; then the others
/// move together.
/// </summary>
internal sealed class CompactingTextArena<T> : IDisposable
{
    private readonly TextArena _memory = new();
    private ArenaLease _lease = new();
    private ArenaLease? _old;      // while the texts move
    private long _liveBytes;
    private long _deadBytes;

    /// <summary>Bytes of what is kept.</summary>
    public long LiveBytes => _liveBytes;

    public bool ShouldCompact => RecordTexts<T>.Any && _deadBytes >= TextArena.ChunkBytes && _deadBytes >= _liveBytes;

    /// <summary>Puts another record in the place of one, whose texts it copies.</summary>
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

    /// <summary>Empties a place.</summary>
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

    /// <summary>Counts a record as gone and the one that it has replaced as there again: the batch that changed it is given up.</summary>
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

    /// <summary>Lets a batch read the texts as long as it lives.</summary>
    public void HoldFor(BatchContext batch)
    {
        if (RecordTexts<T>.Any)
        {
            batch.Keep(_lease.Retain());
        }
    }

    /// <summary>From here to <see cref="EndCompaction"/> the caller gives every record that is there to <see cref="Keep"/>.</summary>
    public void BeginCompaction()
    {
        _old = _lease;
        _lease = new ArenaLease();
        _liveBytes = 0;
        _deadBytes = 0;
    }

    /// <summary>Copies the texts of a record that is new here, or moves with the others.</summary>
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
