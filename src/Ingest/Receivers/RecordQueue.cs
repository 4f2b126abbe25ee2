using System.Buffers;

namespace FastStream;

/// <summary>Received records that wait for the next batch, in pooled arrays. Safe from any thread; records of one thread keep their order.</summary>
/// <remarks>The bound counts records from their reservation until the batch that took them is done with: then it gives its room back.</remarks>
internal sealed class RecordQueue<T>(int maxRecords)
{
    private const int FirstArrayRecords = 256;
    private const int LargestArrayRecords = 8192;

    private readonly Lock _lock = new();                      // guards the arrays
    private readonly Allowance _room = new(maxRecords);
    private List<ReadOnlyMemory<T>> _full = [];
    private T[] _filling = [];                                // rented when the first record comes
    private int _count;                                       // records in it
    private bool _isComplete;                                 // nothing is taken any more

    /// <summary>Records stored and reserved, and those in batches that are not done.</summary>
    public long Held => _room.Held;

    /// <summary>Whether nothing is stored for the next cut.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_lock)
            {
                return _count == 0 && _full.Count == 0;
            }
        }
    }

    /// <summary>Makes room for records, waiting until there is some: reserve before taking them from where they cannot go back.</summary>
    public ValueTask ReserveAsync(int records, CancellationToken cancellationToken) => _room.TakeAsync(records, cancellationToken);

    /// <summary>Makes room for records if there is some now.</summary>
    public bool TryReserve(int records) => _room.TryTake(records);

    /// <summary>Gives up a reservation.</summary>
    public void CancelReservation(int records) => _room.Give(records);

    /// <summary>Stores one record that room was reserved for.</summary>
    /// <exception cref="OperationCanceledException">The queue is complete; the room is given up.</exception>
    public void Add(T record)
    {
        lock (_lock)
        {
            if (!_isComplete)
            {
                if (_count == _filling.Length)
                {
                    MakeRoomLocked();
                }

                _filling[_count++] = record;
                return;
            }
        }

        throw Refuse(1);
    }

    /// <summary>Stores records that room was reserved for, together: one batch takes them all.</summary>
    /// <exception cref="OperationCanceledException">The queue is complete; the room is given up.</exception>
    public void AddRange(ReadOnlySpan<T> records)
    {
        lock (_lock)
        {
            while (!records.IsEmpty && !_isComplete)
            {
                if (_count == _filling.Length)
                {
                    MakeRoomLocked();
                }

                int taken = Math.Min(records.Length, _filling.Length - _count);
                records[..taken].CopyTo(_filling.AsSpan(_count));
                _count += taken;
                records = records[taken..];
            }
        }

        if (!records.IsEmpty)
        {
            throw Refuse(records.Length);
        }
    }

    /// <summary>Takes nothing any more: what was stored is in the next cut, and what comes later is refused, not lost unseen.</summary>
    public void Complete()
    {
        lock (_lock)
        {
            _isComplete = true;
        }
    }

    /// <summary>Takes everything stored until now.</summary>
    public RecordInputBatch<T> Cut()
    {
        List<ReadOnlyMemory<T>> blocks;
        lock (_lock)
        {
            if (_count == 0 && _full.Count == 0)
            {
                return RecordInputBatch.Empty<T>();
            }

            SealLocked();
            blocks = _full;
            _full = [];
        }

        return new RecordInputBatch<T>(blocks, Release);
    }

    /// <summary>Gives back what will not be cut.</summary>
    public void Close() => Cut().Dispose();

    private void Release(RecordInputBatch<T> batch)
    {
        long records = batch.RecordCount;
        RecordInputBatch<T>.ReturnToPool(batch);
        _room.Give(records);
    }

    private OperationCanceledException Refuse(int records)
    {
        _room.Give(records);
        return new OperationCanceledException("The stream has stopped: no batch would have the record, and it was not stored. Store before the receiver's run returns.");
    }

    private void MakeRoomLocked()
    {
        int last = _filling.Length;
        SealLocked();
        _filling = ArrayPool<T>.Shared.Rent(Math.Clamp(last * 4, FirstArrayRecords, LargestArrayRecords));
    }

    private void SealLocked()
    {
        if (_count > 0)
        {
            _full.Add(_filling.AsMemory(0, _count));
        }

        _filling = [];
        _count = 0;
    }
}
