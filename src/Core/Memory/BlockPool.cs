using System.Diagnostics.CodeAnalysis;

namespace FastStream.Runtime;

/// <summary>
/// A bounded pool of <see cref="Block"/>s: renting waits while all are rented, which stops a receiver from reading on.
/// </summary>
/// <remarks>
/// Safe from any thread. The pool creates blocks on demand, up to the bound. The bound counts the bytes of rented and
/// free blocks of any size, so that no mixture of sizes exceeds it. A context's pool returns memory that was idle for a
/// while to the system. With poisoning on, the pool overwrites returned blocks with <see cref="PoisonByte"/>, so that a
/// text kept too long shows at once.
/// </remarks>
public sealed class BlockPool
{
    /// <summary>The value of poisoned bytes: 0xDB, never valid UTF-8 on its own.</summary>
    public const byte PoisonByte = 0xDB;

    private static readonly TimeSpan ShortestIdle = TimeSpan.FromSeconds(30);

    private readonly FreeBlocks _free;
    private readonly WeightedSemaphore _room;     // bytes of rented blocks that count in the bound
    private readonly bool _poison;        // debug mode
    private int _rented;                  // blocks rented now, of any size
    private long _rentedBytes;            // their bytes
    private long _aheadBytes;             // of those, bytes of blocks of the record let ahead

    /// <summary>Creates a pool that keeps its blocks for its lifetime.</summary>
    /// <param name="blockSizeBytes">Bytes per block, 4 KiB to 2 GiB.</param>
    /// <param name="maxBlocks">The most blocks rented at a time, at least 1.</param>
    /// <param name="poison">Whether to overwrite returned blocks.</param>
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

    /// <summary>Bytes per block.</summary>
    public int BlockSizeBytes { get; }

    /// <summary>The bound, in blocks.</summary>
    public int MaxBlocks { get; }

    /// <summary>Number of blocks rented now, of any size; 0 when all have been returned.</summary>
    public int RentedBlocks => Volatile.Read(ref _rented);

    /// <summary>Bytes of the blocks rented now, of any size; 0 when all have been returned.</summary>
    public long RentedBytes => Interlocked.Read(ref _rentedBytes);

    /// <summary>Bytes of all blocks of the pool, rented and free.</summary>
    public long HeldBytes => _free.HeldBytes;

    /// <summary>Memory for unfinished records, from this pool.</summary>
    internal RemainderMemory Carries { get; }

    /// <summary>Whether there is no room for one more block: renting waits until a batch releases memory.</summary>
    public bool IsFull => _room.Held + BlockSizeBytes > (long)MaxBlocks * BlockSizeBytes;

    /// <summary>Bytes rented beyond the bound, for the one record let ahead.</summary>
    internal long AheadBytes => Interlocked.Read(ref _aheadBytes);

    /// <summary>
    /// Creates a context's pool. All its memory stays within <see cref="StreamingOptions.MaxBufferedBytes"/>; it
    /// returns idle memory to the system by the context's clock.
    /// </summary>
    internal static BlockPool For(StreamingOptions options)
    {
        // Room for the one record let ahead is reserved within the bound, unless the bound is too small for that.
        long bound = options.MaxBufferedBytes;
        long ahead = 2L * RemainderMemory.LargestBytes(options.MaxRecordBytes);
        bound -= bound >= 4 * ahead ? ahead : 0;
        int blocks = (int)(bound / options.BlockSizeBytes);
        return new BlockPool(options.BlockSizeBytes, blocks, options.PoisonReturnedBlocks, options.TimeProvider, IdleAfter(options));
    }

    /// <summary>
    /// Creates an unbounded pool beside the context's; it returns idle memory to the system by the context's clock.
    /// </summary>
    /// <param name="options">The context's options: its clock, its size of blocks, and whether returned blocks are poisoned.</param>
    public static BlockPool Unbounded(StreamingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new(options.BlockSizeBytes, int.MaxValue, options.PoisonReturnedBlocks, options.TimeProvider, IdleAfter(options));
    }

    /// <summary>
    /// Creates the buffer for one connection's trailing partial records, within the bound that all connections share.
    /// </summary>
    /// <param name="maxRecordBytes">The most bytes that a record takes.</param>
    /// <param name="hasOwnPiece">
    /// Whether the connection's first 4 KiB do not count in the bound: for one of many connections, which hold no block
    /// while they wait.
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
    /// Counts a block of the record ahead in the pool's bound, if there is room now, so that the next record can be let
    /// ahead. The block must not be returned during the call.
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

    // Longer than the time between batches, so that memory that every batch needs is not returned between two of them.
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

/// <summary>The bound that counts a block while it is rented.</summary>
internal enum BlockBound
{
    /// <summary>The pool's bound.</summary>
    Counted,

    /// <summary>The bound of the one unfinished record that may exceed the pool's.</summary>
    Ahead,

    /// <summary>The number of connections.</summary>
    Connection,
}
