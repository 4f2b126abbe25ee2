namespace FastStream.Runtime;

/// <summary>Memory for unfinished records, which leave their blocks to wait for their ends. Safe from any thread.</summary>
/// <remarks>
/// Unfinished records of many connections could take all memory, and then none of them could ever be finished. So they
/// get at most half of the pool, and one of them at a time is let ahead: it may go
/// beyond the bound until it is finished, for which room is kept; then the next one is. The others wait, and their
/// senders with them. Where the one ahead does not come on either,
/// the longest of all is refused: see docs/decisions/0020-memory-of-connections.md.
/// </remarks>
/// <param name="blocks">Where the memory comes from.</param>
/// <param name="limitBytes">The most bytes for unfinished records, beside the one ahead and the first bytes of each connection.</param>
/// <param name="clock">Tells how long nothing comes on.</param>
internal sealed class RemainderMemory(BlockPool blocks, long limitBytes, TimeProvider clock)
{
    /// <summary>
    /// The smallest piece of memory. A connection that holds no block has one of its own, beyond the bound, so that its
    /// short records never wait for others' long ones.
    /// </summary>
    public const int SmallestBytes = 4096;

    private const int LeastProgressBytes = 4096;                          // that the record ahead is to come on in the time below

    private readonly Lock _lock = new();                                  // guards all below
    private readonly LinkedList<Request> _waiting = [];
    private readonly HashSet<RemainderHolder> _holders = [];
    private int _waitingCount;                                            // of _waiting; read without the lock
    private long _heldBytes;                                              // that count in the limit
    private RemainderHolder? _ahead;
    private ITimer? _timer;                                               // looks whether anything comes on while somebody waits
    private bool _isTimed;
    private bool _hasGranted;                                             // since the last look
    private int _aheadBytes;                                              // of the record ahead, at the last look

    /// <summary>For how long nothing may come on while somebody waits; default 10 s.</summary>
    internal TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The most bytes that an unfinished record takes.</summary>
    public static int LargestBytes(int maxRecordBytes) => (maxRecordBytes + 1024 + SmallestBytes - 1) / SmallestBytes * SmallestBytes;

    /// <summary>Rents memory when there is room; null where the record is refused.</summary>
    public ValueTask<Block?> RentAsync(RemainderHolder holder, int length, CancellationToken cancellationToken)
    {
        LinkedListNode<Request> node;
        lock (_lock)
        {
            if ((_waitingCount == 0 || ReferenceEquals(holder, _ahead)) && TryRentLocked(holder, length) is { } block)
            {
                return new ValueTask<Block?>(block);
            }

            var granted = new TaskCompletionSource<Block?>(TaskCreationOptions.RunContinuationsAsynchronously);
            node = _waiting.AddLast(new Request(holder, length, granted));
            _waitingCount++;
            TimeLocked();
        }

        return new ValueTask<Block?>(WaitAsync(node, cancellationToken));
    }

    /// <summary>
    /// The holder needs a piece no more: it has a larger one, or its record is finished. Who published the piece holds
    /// it on.
    /// </summary>
    public void Return(RemainderHolder holder, Block block)
    {
        lock (_lock)
        {
            _heldBytes -= block.Bound == BlockBound.Counted ? block.Length : 0;
            holder.HeldBytes -= block.Length;
            if (holder.HeldBytes == 0)
            {
                _holders.Remove(holder);
                _ahead = ReferenceEquals(_ahead, holder) ? null : _ahead;
            }
        }

        // What is published waits for its batch in the pool's bound, so that the next record can be let ahead before that.
        blocks.TryCount(block);
        block.Release();
        Grant();
    }

    /// <summary>There may be room: who waits goes on.</summary>
    public void Grant()
    {
        if (Volatile.Read(ref _waitingCount) == 0)
        {
            return;
        }

        lock (_lock)
        {
            while (_waiting.First is { } first && TryRentLocked(first.Value.Holder, first.Value.Length) is { } block)
            {
                RemoveLocked(first);
                first.Value.Granted.TrySetResult(block);
            }
        }
    }

    private async Task<Block?> WaitAsync(LinkedListNode<Request> node, CancellationToken cancellationToken)
    {
        using (cancellationToken.Register(() => Cancel(node, cancellationToken)))
        {
            return await node.Value.Granted.Task.ConfigureAwait(false);
        }
    }

    private void Cancel(LinkedListNode<Request> node, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            // Not in the list any more: it was granted just before.
            if (node.List is null)
            {
                return;
            }

            RemoveLocked(node);
            node.Value.Granted.TrySetCanceled(cancellationToken);
        }

        Grant();
    }

    private void RemoveLocked(LinkedListNode<Request> node)
    {
        _waiting.Remove(node);
        _waitingCount--;
    }

    private Block? TryRentLocked(RemainderHolder holder, int length)
    {
        Block? block = null;
        if (holder.HasOwnPiece && length <= SmallestBytes)
        {
            block = blocks.RentBeyond(length, BlockBound.Connection);
        }
        else if (_heldBytes + length <= limitBytes && blocks.TryRent(length, out block))
        {
            _heldBytes += length;
        }
        else if (ReferenceEquals(_ahead, holder) || (_ahead is null && blocks.AheadBytes == 0))
        {
            _ahead = holder;
            block = blocks.RentBeyond(length, BlockBound.Ahead);
        }

        if (block is not null)
        {
            holder.HeldBytes += length;
            _holders.Add(holder);
            _hasGranted = true;
        }

        return block;
    }

    private void TimeLocked()
    {
        if (!_isTimed)
        {
            _isTimed = true;
            _hasGranted = false;
            _aheadBytes = _ahead?.Count ?? 0;
            _timer ??= clock.CreateTimer(
                static memory => ((RemainderMemory)memory!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(Patience, Timeout.InfiniteTimeSpan);
        }
    }

    // While the pool is full, batches are what gives memory back, and they end.
    private void Look()
    {
        RemainderHolder? refused = null;
        lock (_lock)
        {
            _isTimed = false;
            if (_waitingCount == 0)
            {
                return;
            }

            if (!_hasGranted && _ahead is { IsBackpressured: false } && _ahead.Count - _aheadBytes < LeastProgressBytes && !blocks.IsFull)
            {
                refused = _holders.Where(holder => !holder.IsRefused).MaxBy(holder => holder.HeldBytes);
                RefuseLocked(refused);
            }

            TimeLocked();
        }

        refused?.Refuse();
        Grant();
    }

    private void RefuseLocked(RemainderHolder? holder)
    {
        if (holder is null)
        {
            return;
        }

        holder.IsRefused = true;
        for (LinkedListNode<Request>? node = _waiting.First; node is not null; node = node.Next)
        {
            if (ReferenceEquals(node.Value.Holder, holder))
            {
                RemoveLocked(node);
                node.Value.Granted.TrySetResult(null);
                return;
            }
        }
    }

    private sealed record Request(RemainderHolder Holder, int Length, TaskCompletionSource<Block?> Granted);
}

/// <summary>Who holds an unfinished record.</summary>
internal abstract class RemainderHolder
{
    private volatile bool _isRefused;
    private volatile bool _isHeldUp;

    /// <summary>Bytes of the record that came.</summary>
    public int Count { get; protected set; }

    /// <summary>Whether its first piece counts in no bound but the number of holders; then that piece is never published.</summary>
    public abstract bool HasOwnPiece { get; }

    /// <summary>
    /// Whether the receiver itself does not read now, such as for a rate limit: that nothing comes is not the peer's fault.
    /// </summary>
    public bool IsBackpressured
    {
        get => _isHeldUp;
        set => _isHeldUp = value;
    }

    /// <summary>Bytes of memory it holds; the memory's.</summary>
    internal long HeldBytes { get; set; }

    /// <summary>Whether the record has to go, because nothing comes on for want of memory.</summary>
    internal bool IsRefused
    {
        get => _isRefused;
        set => _isRefused = value;
    }

    /// <summary>Ends whatever waits for more of the record. From any thread.</summary>
    internal abstract void Refuse();
}
