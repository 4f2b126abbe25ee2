using System.Collections.Concurrent;

namespace FastStream;

/// <summary>A bounded pool of <see cref="Block"/>s: renting waits when all are out, which is what stops a receiver from reading on.</summary>
/// <remarks>
/// Safe from any thread. Blocks are made at first need, up to the bound, and kept until the pool is dropped.
/// With poisoning on, returned blocks are overwritten with <see cref="PoisonByte"/>, so that a text kept too long shows at once.
/// </remarks>
public sealed class BlockPool
{
    /// <summary>What poisoned bytes are: 0xDB, never valid UTF-8 on its own.</summary>
    public const byte PoisonByte = 0xDB;

    private readonly ConcurrentStack<Block> _free = new();   // returned blocks, warmest first
    private readonly SemaphoreSlim _permits;                 // blocks that may still be rented
    private readonly bool _poison;                           // debug mode
    private int _rented;                                     // blocks out now

    /// <summary>Makes a pool.</summary>
    /// <param name="blockSizeBytes">Bytes a block, 4 KiB to 2 GiB.</param>
    /// <param name="maxBlocks">The most blocks that can be out at a time, at least 1.</param>
    /// <param name="poison">Whether returned blocks are overwritten.</param>
    public BlockPool(int blockSizeBytes, int maxBlocks, bool poison = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blockSizeBytes, 4096);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(blockSizeBytes, Array.MaxLength - Block.PaddingBytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxBlocks, 1);
        BlockSizeBytes = blockSizeBytes;
        MaxBlocks = maxBlocks;
        _permits = new SemaphoreSlim(maxBlocks, maxBlocks);
        _poison = poison;
    }

    /// <summary>Bytes a block.</summary>
    public int BlockSizeBytes { get; }

    /// <summary>The bound, in blocks.</summary>
    public int MaxBlocks { get; }

    /// <summary>Blocks that somebody holds now; 0 when everything came back.</summary>
    public int RentedBlocks => Volatile.Read(ref _rented);

    /// <summary>Rents a block, waiting until one is free.</summary>
    public ValueTask<Block> RentAsync(CancellationToken cancellationToken = default)
    {
        return _permits.Wait(0, CancellationToken.None) ? new ValueTask<Block>(Take()) : Wait(cancellationToken);

        async ValueTask<Block> Wait(CancellationToken token)
        {
            await _permits.WaitAsync(token).ConfigureAwait(false);
            return Take();
        }
    }

    /// <summary>Rents a block if one is free now.</summary>
    public bool TryRent([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Block? block)
    {
        block = _permits.Wait(0) ? Take() : null;
        return block is not null;
    }

    /// <summary>Rents a block, blocking the thread until one is free.</summary>
    public Block Rent(CancellationToken cancellationToken = default)
    {
        _permits.Wait(cancellationToken);
        return Take();
    }

    internal void Return(Block block)
    {
        if (_poison)
        {
            block.Poison();
        }

        Interlocked.Decrement(ref _rented);
        _free.Push(block);
        _permits.Release();
    }

    private Block Take()
    {
        if (!_free.TryPop(out Block? block))
        {
            block = new Block(this, BlockSizeBytes);
        }

        block.MarkRented();
        Interlocked.Increment(ref _rented);
        return block;
    }
}
