namespace FastStream.Runtime;

/// <summary>The free blocks of one pool, by size, and the total bytes of the pool. Safe from any thread.</summary>
/// <remarks>
/// A block of one size cannot serve a request for another: to make room for a new block, free ones of other sizes are
/// dropped. Idle blocks are dropped too: after each period with free blocks, as many of a size as were free throughout.
/// A dropped block returns its pages to the system at once, without waiting for a collection.
/// </remarks>
/// <param name="pool">The pool that owns the blocks.</param>
/// <param name="mostBytes">The most bytes to keep in all; returned blocks beyond that are dropped at once.</param>
/// <param name="clock">Measures idle time; null to keep all blocks.</param>
/// <param name="idleAfter">The period.</param>
internal sealed class FreeBlocks(BlockPool pool, long mostBytes, TimeProvider? clock, TimeSpan idleAfter)
{
    private readonly Lock _lock = new();                    // guards all below
    private readonly Dictionary<int, Size> _sizes = [];
    private long _heldBytes;                                // of all blocks, free and rented
    private long _freeBytes;
    private ITimer? _timer;                                 // created with the first free block
    private bool _isTimed;                                  // whether a check for idle blocks is scheduled

    /// <summary>Bytes of all blocks of the pool, rented and free.</summary>
    public long HeldBytes
    {
        get
        {
            lock (_lock)
            {
                return _heldBytes;
            }
        }
    }

    /// <summary>Takes a free block, or creates one, dropping free blocks of other sizes to make room.</summary>
    public Block Take(int length)
    {
        List<Block>? gone = null;
        lock (_lock)
        {
            if (_sizes.TryGetValue(length, out Size? size) && size.Free.Count > 0)
            {
                Block block = size.Free[^1];
                size.Free.RemoveAt(size.Free.Count - 1);
                size.Unused = Math.Min(size.Unused, size.Free.Count);
                _freeBytes -= length;
                return block;
            }

            _heldBytes += length;
            MakeRoomLocked(ref gone);
        }

        Discard(gone);
        return new Block(pool, length);
    }

    /// <summary>Keeps a returned block, or drops it if there are too many.</summary>
    public void Put(Block block)
    {
        bool isKept;
        lock (_lock)
        {
            isKept = _heldBytes <= mostBytes;
            if (isKept)
            {
                if (!_sizes.TryGetValue(block.Length, out Size? size))
                {
                    _sizes.Add(block.Length, size = new Size());
                }

                size.Free.Add(block);
                _freeBytes += block.Length;
                TimeLocked();
            }
            else
            {
                _heldBytes -= block.Length;
            }
        }

        if (!isKept)
        {
            block.Discard();
        }
    }

    private static void Discard(List<Block>? gone) => gone?.ForEach(block => block.Discard());

    private void MakeRoomLocked(ref List<Block>? gone)
    {
        if (_heldBytes <= mostBytes || _freeBytes == 0)
        {
            return;
        }

        foreach (Size size in _sizes.Values)
        {
            int count = 0;
            while (count < size.Free.Count && _heldBytes > mostBytes)
            {
                Forget(size.Free[count++]);
            }

            size.RemoveColdest(count, ref gone);
        }
    }

    private void TimeLocked()
    {
        if (clock is not null && !_isTimed)
        {
            _isTimed = true;
            _timer ??= clock.CreateTimer(
                static blocks => ((FreeBlocks)blocks!).GiveBackIdle(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(idleAfter, Timeout.InfiniteTimeSpan);
        }
    }

    private void GiveBackIdle()
    {
        List<Block>? gone = null;
        lock (_lock)
        {
            foreach (Size size in _sizes.Values)
            {
                for (int i = 0; i < size.Unused; i++)
                {
                    Forget(size.Free[i]);
                }

                size.RemoveColdest(size.Unused, ref gone);
                size.Unused = size.Free.Count;
            }

            _isTimed = false;
            if (_freeBytes > 0)
            {
                TimeLocked();
            }
        }

        Discard(gone);
    }

    private void Forget(Block block)
    {
        _heldBytes -= block.Length;
        _freeBytes -= block.Length;
    }

    private sealed class Size
    {
        public List<Block> Free { get; } = [];   // the most recently used last

        /// <summary>The fewest free blocks since the last check.</summary>
        public int Unused { get; set; }

        public void RemoveColdest(int count, ref List<Block>? gone)
        {
            if (count > 0)
            {
                (gone ??= []).AddRange(Free.GetRange(0, count));
                Free.RemoveRange(0, count);
                Unused = Math.Min(Unused, Free.Count);
            }
        }
    }
}
