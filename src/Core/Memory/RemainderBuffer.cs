using System.Numerics;

namespace FastStream.Runtime;

/// <summary>
/// Collects the bytes of a trailing partial record in a block of its own, once the record must leave the block that it
/// began in. For sources that split a stream of bytes into records. Not thread safe, except for the members that the
/// pool calls.
/// </summary>
/// <remarks>
/// <see cref="BlockPool.NewCarry"/> creates one for each connection; all of them together stay within the pool's bound.
/// </remarks>
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

    /// <summary>Bytes of the record received so far.</summary>
    public int Count => _holder.Count;

    /// <summary>
    /// Whether the receiver itself has stopped reading, for example because of a rate limit, so that missing data are
    /// not the peer's fault. Safe from any thread.
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

    /// <summary>The block that holds the bytes, if it may be published as it is; if null, copy the bytes.</summary>
    public Block? Publishable => _block?.Bound == BlockBound.Connection ? null : _block;

    /// <summary>Sets the callback for a refused record.</summary>
    /// <param name="refused">Ends every wait for more of the record; called from any thread.</param>
    public void OnRefused(Action refused) => _holder.Refused = refused;

    /// <summary>Adds bytes; waits for memory if there is none.</summary>
    /// <param name="bytes">The bytes; copied.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="InvalidDataException">
    /// The record is refused, because no record progresses for lack of memory.
    /// </exception>
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
    /// Empties the buffer and releases its memory: a connection that once sent a long record and is idle now must not
    /// keep room for it.
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

    /// <summary>Throws if the record was refused.</summary>
    /// <exception cref="InvalidDataException">The record was refused.</exception>
    public void ThrowIfRefused()
    {
        if (_holder.IsRefused)
        {
            throw new InvalidDataException(
                "Unfinished records took all the memory that they may have, "
                + $"and none of them progressed; this one, the longest with {Count} bytes, was dropped. "
                + "Raise StreamingOptions.MaxBufferedBytes, "
                + "lower MaxRecordBytes or the number of connections, or have the peers finish records faster.");
        }
    }

    /// <summary>Releases the memory.</summary>
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

        /// <summary>The callback for a refused record; null if none is set.</summary>
        public Action? Refused { get; set; }

        public void SetCount(int count) => Count = count;

        internal override void Refuse() => Refused?.Invoke();
    }
}
