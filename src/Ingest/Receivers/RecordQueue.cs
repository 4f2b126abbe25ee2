using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FastStream;

/// <summary>
/// Received records that wait for the next batch, in pooled arrays. Safe from any thread; each thread's records keep
/// their order.
/// </summary>
/// <remarks>
/// The bound counts records from their reservation until the batch that took them is done and returns their room.
/// </remarks>
internal sealed class RecordQueue<T>(int maxRecords)
{
    private const int FirstArrayRecords = 256;
    private const int LargestArrayRecords = 8192;

    private readonly Lock _lock = new();                      // guards the arrays
    private readonly WeightedSemaphore _room = new(maxRecords);
    private List<ReadOnlyMemory<T>> _full = [];
    private T[] _filling = [];                                // rented when the first record comes
    private int _count;                                       // records in it
    private bool _isComplete;                                 // nothing is taken any more
    private JournaledRecords<T>? _journal;                    // since the start; null where there is none
    private IDisposable? _received;                           // owns the texts of records that an earlier run received, until they are cut

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

    /// <summary>
    /// Waits until there is room for records and reserves it: reserve before taking records that cannot be put back.
    /// </summary>
    public ValueTask ReserveAsync(int records, CancellationToken cancellationToken) =>
        _journal is null || _journal.HasRoom ? _room.TakeAsync(records, cancellationToken) : ReserveLaterAsync(_journal,
            records, cancellationToken);

    /// <summary>Reserves room for records if there is room now.</summary>
    public bool TryReserve(int records) => _journal is not { HasRoom: false } && _room.TryTake(records);

    /// <summary>Completes when everything stored so far is on the disk: at once where there is no journal.</summary>
    public Task WhenWrittenAsync() => _journal?.WhenWrittenAsync() ?? Task.CompletedTask;

    /// <summary>Releases a reservation.</summary>
    public void CancelReservation(int records) => _room.Give(records);

    /// <summary>Stores one record that room was reserved for.</summary>
    /// <exception cref="OperationCanceledException">The queue is complete; the room is released.</exception>
    public void Add(T record)
    {
        lock (_lock)
        {
            if (!_isComplete)
            {
                if (_journal is not null)
                {
                    AppendLocked(_journal, new ReadOnlySpan<T>(ref record));
                }

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

    /// <summary>Stores records that room was reserved for, together: they are all in one batch.</summary>
    /// <param name="records">The records.</param>
    /// <param name="withReceipt">Whether to report when their batch counts; with a journal, use
    /// <see cref="WhenWrittenAsync"/> instead.</param>
    /// <returns>A task that completes when the records count; at once without a receipt.</returns>
    /// <exception cref="OperationCanceledException">The queue is complete; the room is released.</exception>
    public Task AddRange(ReadOnlySpan<T> records, bool withReceipt = false)
    {
        lock (_lock)
        {
            if (_isComplete)
            {
                throw Refuse(records.Length);
            }

            if (_journal is not null)
            {
                AppendLocked(_journal, records);
            }

            // With a journal, records count when they are written.
            Task counts = withReceipt && _journal is null ? Receipts.Next().Settled : Task.CompletedTask;
            StoreLocked(records);
            return counts;
        }
    }

    /// <summary>Receipts for callers that wait until their records count.</summary>
    public BatchReceipts Receipts { get; } = new();

    /// <summary>Whether stored records are also written to a journal.</summary>
    public bool HasJournal => _journal is not null;

    /// <summary>Also writes records to a journal: those stored before the start, and all from now on.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="received">Records that an earlier run received: they come first in the first cut. The queue
    /// disposes of them.</param>
    /// <exception cref="IOException">Writing to the disk failed.</exception>
    public void Begin(JournaledRecords<T> journal, RecordInputBatch<T> received)
    {
        _room.TakeAnyway(received.RecordCount);
        lock (_lock)
        {
            SealLocked();
            List<ReadOnlyMemory<T>> stored = _full;
            _full = [];
            foreach (ReadOnlyMemory<T> block in received.Blocks)
            {
                StoreLocked(block.Span);
            }

            SealLocked();
            foreach (ReadOnlyMemory<T> block in stored)
            {
                journal.Append(block.Span);
                _full.Add(block);
            }

            _journal = journal;
            _received = received;
        }
    }

    /// <summary>
    /// Accepts nothing any more: the next cut has what was stored, and later records are refused, not silently lost.
    /// </summary>
    public void Complete()
    {
        lock (_lock)
        {
            _isComplete = true;
        }
    }

    /// <summary>Takes everything stored so far.</summary>
    public RecordInputBatch<T> Cut()
    {
        List<ReadOnlyMemory<T>> blocks;
        IDisposable? received;
        BatchReceipt? receipt;
        lock (_lock)
        {
            _journal?.Cut();
            if (_count == 0 && _full.Count == 0)
            {
                return RecordInputBatch.Empty<T>();
            }

            SealLocked();
            blocks = _full;
            _full = [];
            receipt = Receipts.Take();
            received = _received;
            _received = null;
        }

        Action<RecordInputBatch<T>> release = received is null ? Release : batch =>
        {
            Release(batch);
            received.Dispose();
        };
        return new RecordInputBatch<T>(blocks, release) { Receipt = receipt };
    }

    /// <summary>Gives back what will not be cut.</summary>
    public void Close() => Cut().Dispose();

    private void Release(RecordInputBatch<T> batch)
    {
        long records = batch.RecordCount;
        foreach (ReadOnlyMemory<T> block in batch.Blocks)
        {
            if (MemoryMarshal.TryGetArray(block, out ArraySegment<T> segment))
            {
                ArrayPool<T>.Shared.Return(segment.Array!, RuntimeHelpers.IsReferenceOrContainsReferences<T>());
            }
        }

        _room.Give(records);
    }

    private async ValueTask ReserveLaterAsync(JournaledRecords<T> journal, int records, CancellationToken cancellationToken)
    {
        await journal.WaitForRoomAsync(cancellationToken).ConfigureAwait(false);
        await _room.TakeAsync(records, cancellationToken).ConfigureAwait(false);
    }

    // What the serializer or the disk does not take is not stored.
    private void AppendLocked(JournaledRecords<T> journal, ReadOnlySpan<T> records)
    {
        try
        {
            journal.Append(records);
        }
        catch
        {
            _room.Give(records.Length);
            throw;
        }
    }

    private void StoreLocked(ReadOnlySpan<T> records)
    {
        while (!records.IsEmpty)
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

    private OperationCanceledException Refuse(int records)
    {
        _room.Give(records);
        return new OperationCanceledException(
            "The stream has stopped: no batch would have the record, and it was not stored. Store before the receiver's run returns.");
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
