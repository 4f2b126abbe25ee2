using System.Numerics;

namespace FastStream.Runtime;

/// <summary>
/// An unfinished record that had to leave its block: bytes that are added to, in a block of their own. For sources that cut a stream of
/// bytes
/// into records. Not thread safe but for what the pool calls.
/// </summary>
/// <remarks><see cref="BlockPool.NewCarry"/> makes one for each connection; all of them together keep the pool's bound.</remarks>
public sealed class RemainderBuffer : IDisposable
{
    private readonly RemainderMemory _memory;
    private readonly int _largestBytes;
    private readonly Holder _holder;
    private Block? _block;

    internal RemainderBuffer(RemainderMemory memory, int largestBytes, bool hasOwnPiece)
    {
        _memory = memory;
        _largestBytes = largestBytes;
        _holder = new Holder(hasOwnPiece);
    }

    /// <summary>Bytes of the record that came.</summary>
    public int Count => _holder.Count;

    /// <summary>
    /// Whether the receiver itself does not read now, such as for a rate limit: that nothing comes is not the peer's fault. Safe from
    /// any thread.
    /// </summary>
    public bool IsBackpressured
    {
        get => _holder.IsBackpressured;
        set => _holder.IsBackpressured = value;
    }

    /// <summary>The bytes, valid until the next change.</summary>
    public ReadOnlySpan<byte> Span => _block is null ? default : _block.Span[..Count];

    /// <summary>The same bytes, valid until the next change.</summary>
    public ReadOnlyMemory<byte> Memory => _block is null ? default : _block.Memory[..Count];

    /// <summary>Bytes of memory held; 0 between records.</summary>
    public int Capacity => _block?.Length ?? 0;

    /// <summary>The block that the bytes lie in, where it may be published as it is: else they are to be copied.</summary>
    public Block? Publishable => _block?.Bound == BlockBound.Connection ? null : _block;

    /// <summary>Whom to tell that the record has to go.</summary>
    /// <param name="refused">Ends whatever waits for more of the record; called from any thread.</param>
    public void OnRefused(Action refused) => _holder.Refused = refused;

    /// <summary>Adds bytes; waits for memory where there is none.</summary>
    /// <param name="bytes">The bytes; copied.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
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
        _holder.SetCount(0);
        if (_block is not null)
        {
            _memory.Return(_holder, _block);
            _block = null;
        }
    }

    /// <summary>Throws where the record has to go.</summary>
    /// <exception cref="InvalidDataException">It has.</exception>
    public void ThrowIfRefused()
    {
        if (_holder.IsRefused)
        {
            throw new InvalidDataException(
                $"{Count} bytes of an unfinished record had come when unfinished records took all memory they may have "
                + "and none of them came on; this one, the longest, was left out. Raise StreamingOptions.MaxBufferedBytes, "
                + "lower MaxRecordBytes or the number of connections, or have the peers finish records faster.");
        }
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose() => Clear();

    private async ValueTask GrowAndAppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        int needed = checked(Count + bytes.Length);
        long length = BitOperations.RoundUpToPowerOf2((uint)Math.Max(needed, Math.Max(Capacity * 2L, RemainderMemory.SmallestBytes)));
        length = length <= _largestBytes ? length : Math.Max(_largestBytes, needed);
        Block? larger = await _memory.RentAsync(_holder, (int)length, cancellationToken).ConfigureAwait(false);
        if (larger is null)
        {
            ThrowIfRefused();
        }

        Span.CopyTo(larger!.Span);
        Block? smaller = _block;
        _block = larger;
        if (smaller is not null)
        {
            _memory.Return(_holder, smaller);
        }

        Append(bytes.Span);
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_block is null ? default : _block.Span[Count..]);
        _holder.SetCount(Count + bytes.Length);
    }

    private sealed class Holder(bool hasOwnPiece) : RemainderHolder
    {
        public override bool HasOwnPiece { get; } = hasOwnPiece;

        /// <summary>Whom to tell; null where nobody asked.</summary>
        public Action? Refused { get; set; }

        public void SetCount(int count) => Count = count;

        internal override void Refuse() => Refused?.Invoke();
    }
}
