namespace FastStream.Runtime;

/// <summary>The blocks of one pool that nobody holds, by size, and how many bytes the pool has in all. Safe from any thread.</summary>
/// <remarks>
/// Blocks of one size are of no use for another: where a block must be made and there is no room, free ones of other
/// sizes go. Those that were not needed for a while go
/// too: after each period with free blocks, as many of a size as were free all through it. A block that goes gives its
/// pages to the system at once, without waiting for a collection.
/// </remarks>
/// <param name="pool">Whose blocks they are.</param>
/// <param name="mostBytes">So many bytes in all are kept; blocks that come back beyond go at once.</param>
/// <param name="clock">Tells what is idle; null to keep all.</param>
/// <param name="idleAfter">The period.</param>
internal sealed class FreeBlocks(BlockPool pool, long mostBytes, TimeProvider? clock, TimeSpan idleAfter)
{
    private readonly Lock _lock = new();                    // guards all below
    private readonly Dictionary<int, Size> _sizes = [];
    private long _heldBytes;                                // of all blocks, free and not
    private long _freeBytes;
    private ITimer? _timer;                                 // made with the first free block
    private bool _isTimed;                                  // whether a look at what is idle is due

    /// <summary>Bytes of all blocks of the pool: those that somebody holds and those that are free.</summary>
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

    /// <summary>A free block, or a new one for which free ones of other sizes make room.</summary>
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

    /// <summary>Keeps a block that nobody holds, or lets it go where there are too many.</summary>
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
        public List<Block> Free { get; } = [];   // the warmest last

        /// <summary>The fewest free ones since the last look.</summary>
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
