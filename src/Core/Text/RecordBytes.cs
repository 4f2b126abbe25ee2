namespace FastStream.Runtime;

/// <summary>
/// Received bytes for a decoder to convert to records: whole records, in pinned memory that lives as long as the batch.
/// </summary>
public readonly unsafe ref struct RecordBytes
{
    private readonly byte* _start;   // first byte
    private readonly int _length;    // bytes
    private readonly int _readable;  // bytes that may be loaded from _start on, at least _length

    /// <summary>
    /// Bytes at a fixed address, such as those of a mapped file. The caller is responsible for the address: only unsafe
    /// code can create one.
    /// </summary>
    /// <param name="start">The first byte; must not move, and must stay valid as long as the batch.</param>
    /// <param name="length">Number of bytes.</param>
    /// <param name="readablePast">
    /// Number of readable bytes after them, whose values are ignored: with them, a short text takes one load.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">A length is negative.</exception>
    public RecordBytes(byte* start, int length, int readablePast)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfNegative(readablePast);
        _start = start;
        _length = length;
        _readable = length + readablePast;
    }

    /// <summary>Bytes of a block; the batch must hold the block.</summary>
    public RecordBytes(Block block, int start, int length)
    {
        ArgumentNullException.ThrowIfNull(block);
        _ = block.Span.Slice(start, length);
        _start = block.Address + start;
        _length = length;
        _readable = block.Length - start + Block.PaddingBytes;
    }

    /// <summary>Number of bytes.</summary>
    public int Length => _length;

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Span => new(_start, _length);

    internal byte* Start => _start;

    internal int Readable => _readable;

    /// <summary>A part of the bytes as text, without copying what is longer than <see cref="Utf8Text.InlineBytes"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part is not inside the bytes.</exception>
    public Utf8Text Text(int start, int length)
    {
        if ((uint)start > (uint)_length || (uint)length > (uint)(_length - start))
        {
            throw Throw.OutOfRange(nameof(start), $"{start}..{start + length}", $"a part of {_length} bytes is expected");
        }

        return start + 16 <= _readable ? Utf8Text.FromPadded(_start + start, length) : Utf8Text.FromExact(_start + start, length);
    }
}
