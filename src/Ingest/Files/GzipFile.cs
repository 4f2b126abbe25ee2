using System.IO.Compression;

namespace FastStream;

/// <summary>A gzip archive: one member, or several in a row that unpack to one text.</summary>
/// <remarks>
/// <see cref="GZipStream"/> takes a truncated archive for a complete one. Therefore this class appends a member of its
/// own, the mark, to the archive's bytes: the mark is unpacked completely, with nothing behind it, only if the member
/// before it was complete.
/// </remarks>
internal sealed class GzipFile : UnpackedFile
{
    private static readonly byte[] MarkText = "the archive ended here"u8.ToArray();
    private static readonly byte[] Mark = Pack(MarkText);

    private readonly Packed _packed;
    private readonly GZipStream _stream;
    private bool _isDone;

    public GzipFile(OpenFile file, long maxBytes)
        : base(file, maxBytes)
    {
        _packed = new Packed(this);
        _stream = new GZipStream(_packed, CompressionMode.Decompress);
    }

    /// <summary>
    /// Unpacks something, so that the libraries for unpacking are loaded while there are handles for them.
    /// </summary>
    public static void Load()
    {
        using var stream = new GZipStream(new MemoryStream(Mark), CompressionMode.Decompress);
        stream.CopyTo(Stream.Null);
    }

    protected override int Unpack(Span<byte> buffer)
    {
        if (_isDone)
        {
            return 0;
        }

        int read = Inflate(buffer);
        if (read > 0 && !_packed.IsInMark)
        {
            return read;
        }

        _isDone = true;
        return read - MarkIn(buffer[..read]);
    }

    protected override void Dispose(bool disposing) => _stream.Dispose();

    // Returns how many of these bytes belong to the mark, which is the last that is unpacked.
    private int MarkIn(ReadOnlySpan<byte> end)
    {
        if (!_packed.IsInMark)
        {
            throw Damaged("something follows that is no gzip");
        }

        Span<byte> all = stackalloc byte[2 * MarkText.Length];
        int kept = Math.Min(end.Length, MarkText.Length);
        end[^kept..].CopyTo(all);
        int length = kept;
        for (int read; length < all.Length && (read = Inflate(all[length..])) > 0;)
        {
            length += read;
        }

        bool isWhole = all[..length].SequenceEqual(MarkText)
            || (length > MarkText.Length && all[(length - MarkText.Length)..length].SequenceEqual(MarkText));
        return isWhole ? Math.Min(kept, MarkText.Length - (length - kept)) : throw Damaged("it is cut off");
    }

    private int Inflate(Span<byte> buffer)
    {
        try
        {
            return _stream.Read(buffer);
        }
        catch (InvalidDataException error)
        {
            throw Damaged($"it is no gzip archive, or a damaged one, or cut off ({error.Message})", error);
        }
    }

    private static byte[] Pack(byte[] text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(text);
        }

        return packed.ToArray();
    }

    /// <summary>The archive's bytes, then the mark's.</summary>
    private sealed class Packed(GzipFile file) : Stream
    {
        private int _at;   // position in the mark

        public bool IsInMark => _at > 0;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            int read = file.ReadPacked(buffer);
            if (read == 0)
            {
                read = Math.Min(buffer.Length, Mark.Length - _at);
                Mark.AsSpan(_at, read).CopyTo(buffer);
                _at += read;
            }

            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
