namespace FastStream;

/// <summary>
/// Received complete records that wait for the next batch, as slices of blocks in the order of their arrival. Safe from
/// any thread.
/// </summary>
/// <remarks>
/// Records that already lie in a block of the pool are published in place. Others (a record across two blocks, bytes of
/// one of many connections) are copied into a block that is filled from front to back. All blocks come from one pool,
/// which bounds the number of blocks, not of records.
/// </remarks>
/// <param name="decoder">Says whether two slices may be read as one.</param>
/// <param name="blocks">The pool for the copies' blocks.</param>
internal sealed class ByteQueue<T>(IRecordDecoder<T> decoder, BlockPool blocks)
{
    private readonly Lock _lock = new();                              // guards the slices
    private readonly SemaphoreSlim _copying = new(1, 1);              // one copy at a time: guards _copyBlock and _copyEnd
    private List<BlockSlice> _slices = [];                            // published, not cut yet
    private bool _lastIsOpen;                                         // whether the last slice may grow
    private ReceiverJournal? _journal;                                // since the start; null where there is none
    private Block? _copyBlock;                                        // filled with copies
    private int _copyEnd;                                             // bytes filled in it

    /// <summary>The pool.</summary>
    public BlockPool Blocks { get; } = blocks;

    /// <summary>Whether nothing is published for the next cut.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_lock)
            {
                return _slices.Count == 0;
            }
        }
    }

    /// <summary>Publishes complete records that lie in a block; the queue holds the block once more.</summary>
    /// <param name="block">The block; the caller holds it.</param>
    /// <param name="start">First byte.</param>
    /// <param name="length">Number of bytes.</param>
    /// <param name="isFinished">Whether the last record has its end; if not, nothing may follow in the same
    /// slice.</param>
    public void Publish(Block block, int start, int length, bool isFinished = true)
    {
        lock (_lock)
        {
            PublishLocked(block, start, length, isFinished);
        }
    }

    /// <summary>
    /// Publishes a copy of complete records; waits while there is no block for it. A caller must not hold anything that
    /// others wait for.
    /// </summary>
    public async ValueTask CopyAsync(ReadOnlyMemory<byte> records, bool isFinished, CancellationToken cancellationToken)
    {
        if (_journal is { HasRoom: false })
        {
            await _journal.WaitForRoomAsync(cancellationToken).ConfigureAwait(false);
        }

        await _copying.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_copyBlock is null || _copyEnd + records.Length > _copyBlock.Length)
            {
                ReleaseCopyBlock();
                int length = Math.Max(records.Length, Blocks.BlockSizeBytes);
                _copyBlock = await Blocks.RentAsync(length, cancellationToken).ConfigureAwait(false);
            }

            PublishCopy(records.Span, isFinished);
        }
        finally
        {
            _copying.Release();
        }
    }

    /// <summary>Publishes a copy of complete records, if there is room for it now.</summary>
    public bool TryCopy(ReadOnlySpan<byte> records, bool isFinished)
    {
        if (_journal is { HasRoom: false } || records.Length > Blocks.BlockSizeBytes || !_copying.Wait(0, CancellationToken.None))
        {
            return false;
        }

        try
        {
            if (_copyBlock is null || _copyEnd + records.Length > _copyBlock.Length)
            {
                ReleaseCopyBlock();
                if (!Blocks.TryRent(out _copyBlock))
                {
                    return false;
                }
            }

            PublishCopy(records, isFinished);
            return true;
        }
        finally
        {
            _copying.Release();
        }
    }

    /// <summary>
    /// From now on also writes what is published into a journal. Call it before anything is published.
    /// </summary>
    /// <param name="journal">The journal.</param>
    /// <param name="received">What an earlier run received: the first cut takes it. The queue holds its blocks from now
    /// on.</param>
    public void Begin(ReceiverJournal journal, List<BlockSlice> received)
    {
        lock (_lock)
        {
            _journal = journal;
            _slices = received;
        }
    }

    /// <summary>Takes everything published so far.</summary>
    public ByteBatch<T> Cut(int partitions)
    {
        List<BlockSlice> slices;
        lock (_lock)
        {
            _journal?.Cut();
            slices = _slices;
            _slices = [];
            _lastIsOpen = false;
        }

        return new ByteBatch<T>(slices, decoder, partitions);
    }

    /// <summary>Returns the blocks that will not be cut. Call it only when nobody publishes any more.</summary>
    public void Close()
    {
        Cut(1).Dispose();
        ReleaseCopyBlock();
    }

    private void PublishCopy(ReadOnlySpan<byte> records, bool isFinished)
    {
        int start = _copyEnd;
        records.CopyTo(_copyBlock!.Span[start..]);
        _copyEnd += records.Length;
        Publish(_copyBlock, start, records.Length, isFinished);
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
