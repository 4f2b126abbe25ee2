using System.Diagnostics.CodeAnalysis;

namespace FastStream.Runtime;

/// <summary>
/// A bounded pool of <see cref="Block"/>s: renting waits when all are out, which is what stops a receiver from reading
/// on.
/// </summary>
/// <remarks>
/// Safe from any thread. Blocks are made at first need, up to the bound. It counts bytes, of blocks of any size: those
/// that somebody holds and those that are free, so that no mixture of sizes
/// takes more. A context's pool gives the system back what was idle for a while.
/// With poisoning on, returned blocks are overwritten with <see cref="PoisonByte"/>, so that a text kept too long shows at once.
/// </remarks>
public sealed class BlockPool
{
    /// <summary>What poisoned bytes are: 0xDB, never valid UTF-8 on its own.</summary>
    public const byte PoisonByte = 0xDB;

    private static readonly TimeSpan ShortestIdle = TimeSpan.FromSeconds(30);

    private readonly FreeBlocks _free;
    private readonly WeightedSemaphore _room;     // bytes of bounded blocks out
    private readonly bool _poison;        // debug mode
    private int _rented;                  // blocks out now, of any size
    private long _rentedBytes;            // their bytes
    private long _aheadBytes;             // of those, bytes of blocks of the record that is let ahead

    /// <summary>Makes a pool that keeps its blocks until it is dropped.</summary>
    /// <param name="blockSizeBytes">Bytes a block, 4 KiB to 2 GiB.</param>
    /// <param name="maxBlocks">The most blocks that can be out at a time, at least 1.</param>
    /// <param name="poison">Whether returned blocks are overwritten.</param>
    public BlockPool(int blockSizeBytes, int maxBlocks, bool poison = false)
        : this(blockSizeBytes, maxBlocks, poison, null, default)
    {
    }

    private BlockPool(int blockSizeBytes, int maxBlocks, bool poison, TimeProvider? clock, TimeSpan idleAfter)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blockSizeBytes, 4096);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(blockSizeBytes, Array.MaxLength - Block.PaddingBytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxBlocks, 1);
        BlockSizeBytes = blockSizeBytes;
        MaxBlocks = maxBlocks;
        _poison = poison;
        long bound = (long)maxBlocks * blockSizeBytes;
        _room = new WeightedSemaphore(bound);
        _free = new FreeBlocks(this, bound, clock, idleAfter);
        Carries = new RemainderMemory(this, bound / 2, clock ?? TimeProvider.System);
    }

    /// <summary>Bytes a block.</summary>
    public int BlockSizeBytes { get; }

    /// <summary>The bound, in blocks.</summary>
    public int MaxBlocks { get; }

    /// <summary>Blocks that somebody holds now, of any size; 0 when everything came back.</summary>
    public int RentedBlocks => Volatile.Read(ref _rented);

    /// <summary>Bytes of the blocks that somebody holds now, of any size; 0 when everything came back.</summary>
    public long RentedBytes => Interlocked.Read(ref _rentedBytes);

    /// <summary>Bytes of memory that the pool has: blocks that somebody holds, and free ones.</summary>
    public long HeldBytes => _free.HeldBytes;

    /// <summary>Memory for unfinished records, from this pool.</summary>
    internal RemainderMemory Carries { get; }

    /// <summary>Whether there is no room for one more block: whoever rents waits, until a batch gives memory back.</summary>
    public bool IsFull => _room.Held + BlockSizeBytes > (long)MaxBlocks * BlockSizeBytes;

    /// <summary>Bytes that are out beyond the bound, for the one record that is let ahead.</summary>
    internal long AheadBytes => Interlocked.Read(ref _aheadBytes);

    /// <summary>
    /// A context's pool, which with everything in it stays within <see cref="StreamingOptions.MaxBufferedBytes"/>, and
    /// gives idle memory back by the context's clock.
    /// </summary>
    internal static BlockPool For(StreamingOptions options)
    {
        // Room for the one record that is let ahead is kept out of the bound, where the bound is not too small for that.
        long bound = options.MaxBufferedBytes;
        long ahead = 2L * RemainderMemory.LargestBytes(options.MaxRecordBytes);
        bound -= bound >= 4 * ahead ? ahead : 0;
        int blocks = (int)(bound / options.BlockSizeBytes);
        return new BlockPool(options.BlockSizeBytes, blocks, options.PoisonReturnedBlocks, options.TimeProvider, IdleAfter(options));
    }

    /// <summary>A pool beside the context's, without a bound, that gives idle memory back by the context's clock.</summary>
    /// <param name="options">The context's options: its clock, its size of blocks, and whether returned blocks are poisoned.</param>
    public static BlockPool Unbounded(StreamingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new(options.BlockSizeBytes, int.MaxValue, options.PoisonReturnedBlocks, options.TimeProvider, IdleAfter(options));
    }

    /// <summary>
    /// Memory for one connection's unfinished records, within the bound that all of them share; the pool makes no other use of it.
    /// </summary>
    /// <param name="maxRecordBytes">The most bytes that a record takes.</param>
    /// <param name="hasOwnPiece">
    /// Whether the first 4 KiB are the connection's own, beyond the bound: for one of many connections, which hold no block while they
    /// wait.
    /// </param>
    public RemainderBuffer NewCarry(int maxRecordBytes, bool hasOwnPiece) =>
        new(Carries, RemainderMemory.LargestBytes(maxRecordBytes), hasOwnPiece);

    /// <summary>Rents a block, waiting until one is free.</summary>
    public ValueTask<Block> RentAsync(CancellationToken cancellationToken = default) => RentAsync(BlockSizeBytes, cancellationToken);

    /// <summary>Rents a block if one is free now.</summary>
    public bool TryRent([NotNullWhen(true)] out Block? block) => TryRent(BlockSizeBytes, out block);

    /// <summary>Rents a block, blocking the thread until one is free.</summary>
    public Block Rent(CancellationToken cancellationToken = default)
    {
        ValueTask<Block> block = RentAsync(cancellationToken);
        return block.IsCompletedSuccessfully ? block.Result : block.AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Rents a block of a size, waiting until there is room.</summary>
    public ValueTask<Block> RentAsync(int length, CancellationToken cancellationToken)
    {
        return _room.TryTake(length) ? new ValueTask<Block>(Take(length, BlockBound.Counted)) : WaitAsync();

        async ValueTask<Block> WaitAsync()
        {
            await _room.TakeAsync(length, cancellationToken).ConfigureAwait(false);
            return Take(length, BlockBound.Counted);
        }
    }

    /// <summary>Rents a block of a size if there is room now.</summary>
    internal bool TryRent(int length, [NotNullWhen(true)] out Block? block)
    {
        block = _room.TryTake(length) ? Take(length, BlockBound.Counted) : null;
        return block is not null;
    }

    /// <summary>Rents a block of a size, whether there is room or not: the caller keeps another bound.</summary>
    internal Block RentBeyond(int length, BlockBound bound)
    {
        if (bound == BlockBound.Ahead)
        {
            Interlocked.Add(ref _aheadBytes, length);
        }

        return Take(length, bound);
    }

    /// <summary>
    /// Counts a block of the record ahead in the pool's bound, if there is room now: then the next one can be let
    /// ahead. While the block cannot come back.
    /// </summary>
    internal void TryCount(Block block)
    {
        if (block.Bound == BlockBound.Ahead && _room.TryTake(block.Length))
        {
            block.Bound = BlockBound.Counted;
            Interlocked.Add(ref _aheadBytes, -block.Length);
        }
    }

    internal void Return(Block block)
    {
        if (_poison)
        {
            block.Poison();
        }

        int length = block.Length;
        BlockBound bound = block.Bound;
        Interlocked.Decrement(ref _rented);
        Interlocked.Add(ref _rentedBytes, -length);
        _free.Put(block);
        if (bound == BlockBound.Counted)
        {
            _room.Give(length);
        }
        else if (bound == BlockBound.Ahead)
        {
            Interlocked.Add(ref _aheadBytes, -length);
        }

        Carries.Grant();
    }

    // Longer than batches are apart, so that what every batch needs is not given back between two of them.
    private static TimeSpan IdleAfter(StreamingOptions options)
    {
        long batches = Math.Min(2 * options.BatchInterval.Ticks, StreamingOptions.LongestWait.Ticks);
        return TimeSpan.FromTicks(Math.Max(batches, ShortestIdle.Ticks));
    }

    private Block Take(int length, BlockBound bound)
    {
        Block block = _free.Take(length);
        block.MarkRented(bound);
        Interlocked.Increment(ref _rented);
        Interlocked.Add(ref _rentedBytes, length);
        return block;
    }
}

/// <summary>Which bound a block counts in while it is out.</summary>
internal enum BlockBound
{
    /// <summary>The pool's.</summary>
    Counted,

    /// <summary>That of the one unfinished record which may go beyond the pool's.</summary>
    Ahead,

    /// <summary>The number of connections.</summary>
    Connection,
}
