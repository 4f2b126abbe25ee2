using System.Numerics;

namespace FastStream;

/// <summary>Received whole records that wait for the next batch, as slices of blocks in the order of their arrival. Safe from any thread.</summary>
/// <remarks>
/// What lies in a block of the pool already is published in place. What does not (a record over two blocks, bytes of one of many connections) is copied into
/// a block that is filled from front to back; copies are bounded by an allowance of their own, so that a receiver which holds a block never waits for another.
/// </remarks>
/// <param name="decoder">Knows whether two slices may be read as one.</param>
/// <param name="copyBlocks">Where blocks for copies come from.</param>
/// <param name="maxCopiedBytes">The most copied bytes held at a time.</param>
/// <param name="poison">Whether blocks for records longer than a block are overwritten when they come back.</param>
internal sealed class ByteQueue<T>(IRecordDecoder<T> decoder, BlockPool copyBlocks, long maxCopiedBytes, bool poison)
{
    private readonly Lock _lock = new();                              // guards the slices
    private readonly SemaphoreSlim _copying = new(1, 1);              // one copy at a time: guards _copyBlock and _copyEnd
    private readonly Allowance _copies = new(maxCopiedBytes);
    private List<BlockSlice> _slices = [];                            // published, not cut
    private bool _lastIsOpen;                                         // whether the last slice may grow
    private long _copiedBytes;                                        // copied bytes among the slices
    private ReceiverJournal? _journal;                                // since the start; null where there is none
    private Block? _copyBlock;                                        // being filled with copies
    private int _copyEnd;                                             // bytes filled
    private readonly Dictionary<int, BlockPool> _largePools = [];     // for records longer than a block, by block size; guarded by _copying

    /// <summary>Publishes whole records that lie in a block; the queue becomes one more holder of it.</summary>
    /// <param name="block">The block; the caller holds it.</param>
    /// <param name="start">First byte.</param>
    /// <param name="length">Number of bytes.</param>
    /// <param name="isFinished">Whether the last record has its end; without one, nothing may follow in the same slice.</param>
    public void Publish(Block block, int start, int length, bool isFinished = true)
    {
        lock (_lock)
        {
            PublishLocked(block, start, length, isFinished);
        }
    }

    /// <summary>Publishes a copy of whole records; waits while too much is copied.</summary>
    public async ValueTask CopyAsync(ReadOnlyMemory<byte> records, bool isFinished, CancellationToken cancellationToken)
    {
        if (_journal is { HasRoom: false })
        {
            await _journal.WaitForRoomAsync(cancellationToken).ConfigureAwait(false);
        }

        await _copies.TakeAsync(records.Length, cancellationToken).ConfigureAwait(false);
        bool published = false;
        await _copying.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            if (records.Length > copyBlocks.BlockSizeBytes)
            {
                // One record longer than a block: a block of its own.
                Block own = LargePool(records.Length).Rent(CancellationToken.None);
                PublishCopy(own, 0, records, isFinished);
                own.Release();
                published = true;
                return;
            }

            if (_copyBlock is null || _copyEnd + records.Length > _copyBlock.Length)
            {
                ReleaseCopyBlock();
                _copyBlock = await copyBlocks.RentAsync(cancellationToken).ConfigureAwait(false);
            }

            PublishCopy(_copyBlock, _copyEnd, records, isFinished);
            _copyEnd += records.Length;
            published = true;
        }
        finally
        {
            _copying.Release();
            if (!published)
            {
                _copies.Give(records.Length);
            }
        }
    }

    /// <summary>Writes what is published from now on into a journal too. Before anything is.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="received">What an earlier run has received, which the first cut takes; the queue holds its blocks from
    /// now on.</param>
    public void Begin(ReceiverJournal journal, List<BlockSlice> received)
    {
        lock (_lock)
        {
            _journal = journal;
            _slices = received;
        }
    }

    /// <summary>Takes everything published until now.</summary>
    public ByteBatch<T> Cut(int partitions)
    {
        List<BlockSlice> slices;
        long copied;
        lock (_lock)
        {
            _journal?.Cut();
            slices = _slices;
            copied = _copiedBytes;
            _slices = [];
            _copiedBytes = 0;
            _lastIsOpen = false;
        }

        return new ByteBatch<T>(slices, decoder, partitions, copied == 0 ? null : () => _copies.Give(copied));
    }

    /// <summary>Gives back what will not be cut. Only when nobody publishes any more.</summary>
    public void Close()
    {
        Cut(1).Dispose();
        ReleaseCopyBlock();
    }

    // Powers of two, so that blocks are used again; what is out at a time is bounded by the allowance.
    private BlockPool LargePool(int length)
    {
        int size = length > 1 << 30 ? length : (int)BitOperations.RoundUpToPowerOf2((uint)length);
        if (!_largePools.TryGetValue(size, out BlockPool? pool))
        {
            _largePools.Add(size, pool = new BlockPool(size, int.MaxValue, poison));
        }

        return pool;
    }

    private void PublishCopy(Block block, int start, ReadOnlyMemory<byte> records, bool isFinished)
    {
        records.Span.CopyTo(block.Span[start..]);
        lock (_lock)
        {
            PublishLocked(block, start, records.Length, isFinished);
            _copiedBytes += records.Length;
        }
    }

    private void PublishLocked(Block block, int start, int length, bool isFinished)
    {
        _journal?.Append(block.Span.Slice(start, length));
        if (_lastIsOpen)
        {
            BlockSlice last = _slices[^1];
            int end = last.Start + last.Length;
            bool adjacent = ReferenceEquals(last.Block, block) && end == start;

            // A CR of one record and the LF of an empty line after it must not be read as one end of line.
            if (adjacent && decoder.FindRestOfEnd(block.Span[end - 1], block.Span.Slice(start, length)) == 0)
            {
                _slices[^1] = last with { Length = last.Length + length };
                _lastIsOpen = isFinished;
                return;
            }
        }

        block.Retain();
        _slices.Add(new BlockSlice(block, start, length));
        _lastIsOpen = isFinished;
    }

    private void ReleaseCopyBlock()
    {
        _copyBlock?.Release();
        _copyBlock = null;
        _copyEnd = 0;
    }
}
