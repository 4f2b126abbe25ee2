using System.Numerics;

namespace FastStream;

/// <summary>
/// An unfinished record that had to leave its block: bytes that are added to, in a block of their own. Not thread safe
/// but for what the memory calls.
/// </summary>
/// <param name="memory">Where the block comes from.</param>
/// <param name="largestBytes">The most bytes that a record needs.</param>
/// <param name="hasOwnPiece">Whether the first few KiB are the connection's own.</param>
internal sealed class RemainderBuffer(RemainderMemory memory, int largestBytes, bool hasOwnPiece) : RemainderHolder, IDisposable
{
    private Block? _block;
    private Action? _refused;

    public override bool HasOwnPiece { get; } = hasOwnPiece;

    public ReadOnlySpan<byte> Span => _block is null ? default : _block.Span[..Count];

    /// <summary>The same bytes, valid until the next change.</summary>
    public ReadOnlyMemory<byte> Memory => _block is null ? default : _block.Memory[..Count];

    /// <summary>Bytes of memory held; 0 between records.</summary>
    public int Capacity => _block?.Length ?? 0;

    /// <summary>The block that the bytes lie in, where it may be published as it is: else they are to be copied.</summary>
    public Block? Publishable => _block?.Bound == BlockBound.Connection ? null : _block;

    /// <summary>Whom to tell that the record has to go.</summary>
    public void OnRefused(Action refused) => _refused = refused;

    /// <summary>Adds bytes; waits for memory where there is none.</summary>
    /// <exception cref="InvalidDataException">The record has to go, because nothing comes on for want of memory.</exception>
    public ValueTask AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (Count + bytes.Length > Capacity)
        {
            return GrowAndAppendAsync(bytes, cancellationToken);
        }

        Append(bytes.Span);
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// Empties the buffer and gives its memory back: a connection that once sent a long record and is quiet now must
    /// not keep room for it.
    /// </summary>
    public void Clear()
    {
        Count = 0;
        if (_block is not null)
        {
            memory.Return(this, _block);
            _block = null;
        }
    }

    /// <summary>Throws where the record has to go.</summary>
    /// <exception cref="InvalidDataException">It has.</exception>
    public void ThrowIfRefused()
    {
        if (IsRefused)
        {
            throw new InvalidDataException(
                $"{Count} bytes of an unfinished record had come when unfinished records took all memory they may have "
                + "and none of them came on; this one, the longest, was left out. Raise StreamingOptions.MaxBufferedBytes, "
                + "lower MaxRecordBytes or the number of connections, or have the peers finish records faster.");
        }
    }

    public void Dispose() => Clear();

    internal override void Refuse() => _refused?.Invoke();

    private async ValueTask GrowAndAppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        int needed = checked(Count + bytes.Length);
        long length = BitOperations.RoundUpToPowerOf2((uint)Math.Max(needed, Math.Max(Capacity * 2L, RemainderMemory.SmallestBytes)));
        length = length <= largestBytes ? length : Math.Max(largestBytes, needed);
        Block? larger = await memory.RentAsync(this, (int)length, cancellationToken).ConfigureAwait(false);
        if (larger is null)
        {
            ThrowIfRefused();
        }

        Span.CopyTo(larger!.Span);
        Block? smaller = _block;
        _block = larger;
        if (smaller is not null)
        {
            memory.Return(this, smaller);
        }

        Append(bytes.Span);
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_block is null ? default : _block.Span[Count..]);
        Count += bytes.Length;
    }
}
