namespace FastStream.Tests;

/// <summary>Bytes that arrive in the pieces that a test says, one a read.</summary>
internal sealed class ChunkedStream(byte[] bytes, IEnumerable<int> chunkLengths, Exception? atEnd = null) : Stream
{
    private readonly IEnumerator<int> _lengths = chunkLengths.GetEnumerator();
    private int _at;
    private int _chunkLeft;
    private int _reads;

    /// <summary>Called before every read with its number, from 1.</summary>
    public Action<int>? OnRead { get; init; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => bytes.Length;

    public override long Position { get => _at; set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        if (_at == bytes.Length)
        {
            return atEnd is null ? 0 : throw atEnd;
        }

        if (_chunkLeft == 0)
        {
            _chunkLeft = _lengths.MoveNext() ? Math.Max(1, _lengths.Current) : bytes.Length;
        }

        int length = Math.Min(Math.Min(_chunkLeft, buffer.Length), bytes.Length - _at);
        bytes.AsSpan(_at, length).CopyTo(buffer);
        _at += length;
        _chunkLeft -= length;
        return length;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        OnRead?.Invoke(++_reads);
        cancellationToken.ThrowIfCancellationRequested();
        return new ValueTask<int>(Read(buffer.Span));
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
