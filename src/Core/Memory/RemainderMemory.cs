namespace FastStream.Runtime;

/// <summary>
/// Memory for trailing partial records, which leave their blocks while they wait for the rest. Safe from any thread.
/// </summary>
/// <remarks>
/// Unfinished records of many connections could take all memory, and then none could ever be finished. They therefore
/// get at most half of the pool, and one of them at a time is let ahead: it may exceed the bound until it is finished,
/// and room is reserved for it; then the next one is let ahead. The others wait, and their senders with them. If the
/// record ahead does not progress either, the longest of all is refused: see
/// docs/decisions/0020-memory-of-connections.md.
/// </remarks>
/// <param name="blocks">The pool that provides the memory.</param>
/// <param name="limitBytes">The most bytes for unfinished records, beside the one ahead and the first bytes of each connection.</param>
/// <param name="clock">Measures how long no record progresses.</param>
internal sealed class RemainderMemory(BlockPool blocks, long limitBytes, TimeProvider clock)
{
    /// <summary>
    /// The smallest piece of memory. A connection that holds no block has such a piece of its own, outside the bound,
    /// so that its short records never wait for the long records of others.
    /// </summary>
    public const int SmallestBytes = 4096;

    private const int LeastProgressBytes = 4096;                          // by which the record ahead must grow within Patience

    private readonly Lock _lock = new();                                  // guards all below
    private readonly LinkedList<Request> _waiting = [];
    private readonly HashSet<RemainderHolder> _holders = [];
    private int _waitingCount;                                            // length of _waiting; read without the lock
    private long _heldBytes;                                              // bytes that count in the limit
    private RemainderHolder? _ahead;
    private ITimer? _timer;                                               // checks for progress while requests wait
    private bool _isTimed;
    private bool _hasGranted;                                             // whether memory was granted since the last check
    private int _aheadBytes;                                              // bytes of the record ahead, at the last check

    /// <summary>The longest time without progress while requests wait; default 10 s.</summary>
    internal TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The most bytes that an unfinished record takes.</summary>
    public static int LargestBytes(int maxRecordBytes) => (maxRecordBytes + 1024 + SmallestBytes - 1) / SmallestBytes * SmallestBytes;

    /// <summary>Rents memory when there is room; returns null if the record is refused.</summary>
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
    /// Returns a piece that the holder no longer needs: it has a larger one, or its record is finished. The publisher
    /// of the piece continues to hold it.
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

        // A published block counts in the pool's bound while it waits for its batch, so that the next record can be let
        // ahead earlier.
        blocks.TryCount(block);
        block.Release();
        Grant();
    }

    /// <summary>Grants waiting requests, as there may be room now.</summary>
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
            // A request that has left the list was granted just before.
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

    // While the pool is full, batches hold the memory, and they end: nothing is refused.
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

/// <summary>The holder of an unfinished record.</summary>
internal abstract class RemainderHolder
{
    private volatile bool _isRefused;
    private volatile bool _isHeldUp;

    /// <summary>Bytes of the record received so far.</summary>
    public int Count { get; protected set; }

    /// <summary>Whether only the number of holders bounds its first piece; that piece is then never published.</summary>
    public abstract bool HasOwnPiece { get; }

    /// <summary>
    /// Whether the receiver itself has stopped reading, for example because of a rate limit, so that missing data are
    /// not the peer's fault.
    /// </summary>
    public bool IsBackpressured
    {
        get => _isHeldUp;
        set => _isHeldUp = value;
    }

    /// <summary>Bytes of memory that it holds; written by <see cref="RemainderMemory"/>.</summary>
    internal long HeldBytes { get; set; }

    /// <summary>Whether the record is refused, because no record progresses for lack of memory.</summary>
    internal bool IsRefused
    {
        get => _isRefused;
        set => _isRefused = value;
    }

    /// <summary>Ends every wait for more of the record. Called from any thread.</summary>
    internal abstract void Refuse();
}
