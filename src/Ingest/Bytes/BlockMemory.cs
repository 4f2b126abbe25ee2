using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FastStream;

/// <summary>
/// A block as a pipe's memory: the pipe holds the block once, and every published slice holds it once more.
/// </summary>
internal sealed unsafe class BlockMemory(Block block) : MemoryManager<byte>
{
    private bool _released;

    public Block Block { get; } = block;

    public override Span<byte> GetSpan() => Block.Span;

    // Blocks are on the pinned heap: their addresses are already fixed.
    public override MemoryHandle Pin(int elementIndex = 0) =>
        new((byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(Block.Span)) + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
        if (!_released)
        {
            _released = true;
            Block.Release();
        }
    }
}

/// <summary>
/// Gives a pipe its memory from the context's blocks. A pipe rents synchronously, so waiting for a free block is a
/// separate step: reserve first.
/// </summary>
/// <remarks>Belongs to one receiving loop; not thread safe.</remarks>
internal sealed class BlockMemoryPool(BlockPool blocks) : MemoryPool<byte>
{
    private Block? _reserved;   // for the next Rent

    public override int MaxBufferSize => blocks.BlockSizeBytes;

    /// <summary>
    /// Waits until the next rent can be served: while no block is free, the receiver does not read, and TCP slows the
    /// sender down.
    /// </summary>
    public async ValueTask ReserveAsync(CancellationToken cancellationToken) =>
        _reserved ??= await blocks.RentAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Whether the next rent can be served now.</summary>
    public bool TryReserve() => _reserved is not null || blocks.TryRent(out _reserved);

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        Block block = _reserved
            ?? throw new InvalidOperationException("A pipe asked for a block that was not reserved. Call ReserveAsync before GetMemory.");
        _reserved = null;
        return new BlockMemory(block);
    }

    protected override void Dispose(bool disposing)
    {
        _reserved?.Release();
        _reserved = null;
    }
}
