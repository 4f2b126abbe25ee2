using System.Buffers.Binary;
using System.Globalization;

namespace FastStream;

/// <summary>
/// The unpacked bytes of an archive of one file, from the first to the last. Belongs to one reader; not thread safe.
/// </summary>
/// <param name="file">The archive, which is open.</param>
/// <param name="maxBytes">The most bytes that it may unpack to.</param>
internal abstract class UnpackedFile(OpenFile file, long maxBytes) : IDisposable
{
    private const int BrotliRatio = 8;   // for ordinary text; a brotli archive does not state its unpacked length

    private long _packed;     // bytes of the archive read
    private long _unpacked;   // bytes given to the reader

    protected string Path => file.Path;

    protected bool IsAtEnd => _packed == file.Length;

    /// <summary>Returns how a file with this name is packed.</summary>
    public static Packing PackingOf(string path, FileCompression compression) =>
        compression == FileCompression.None ? Packing.None
        : path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? Packing.Gzip
        : path.EndsWith(".br", StringComparison.OrdinalIgnoreCase) ? Packing.Brotli
        : Packing.None;

    public static UnpackedFile Open(OpenFile file, Packing packing, long maxBytes) =>
        packing == Packing.Gzip ? new GzipFile(file, maxBytes) : new BrotliFile(file, maxBytes);

    /// <summary>
    /// Estimates how many bytes a file unpacks to, to distribute files over batches. Archives may lie: this is not a
    /// bound.
    /// </summary>
    public static long Estimate(OpenFile file, Packing packing, long maxBytes)
    {
        long length = file.Length;
        if (packing == Packing.Brotli)
        {
            length = Math.Min(length, long.MaxValue / BrotliRatio) * BrotliRatio;
        }
        else if (packing == Packing.Gzip)
        {
            Span<byte> size = stackalloc byte[sizeof(uint)];
            if (length > size.Length && file.Read(length - size.Length, size) == size.Length)
            {
                length = Math.Max(length, BinaryPrimitives.ReadUInt32LittleEndian(size));
            }
        }

        return Math.Max(file.Length, Math.Min(length, maxBytes));
    }

    /// <summary>Fills the buffer; gives fewer bytes only at the end.</summary>
    /// <exception cref="LostFileException">The archive is damaged, truncated or too large.</exception>
    public int Fill(Span<byte> buffer)
    {
        int total = 0;
        while (total < buffer.Length)
        {
            int read = Unpack(buffer[total..]);
            if (read == 0)
            {
                break;
            }

            total += read;
        }

        _unpacked += total;
        return _unpacked <= maxBytes
            ? total
            : throw new LostFileException(string.Create(
                CultureInfo.InvariantCulture,
                $"{Path} unpacks to more than {maxBytes} bytes. Split it into smaller archives, or raise "
                    + $"FileSourceOptions.MaxUnpackedBytes: a batch holds in memory what it has unpacked."));
    }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);

    /// <summary>Unpacks the next bytes, at least 1; returns 0 at the end.</summary>
    protected abstract int Unpack(Span<byte> buffer);

    /// <summary>Reads the next bytes of the archive; returns 0 at its end as it was listed.</summary>
    protected int ReadPacked(Span<byte> buffer)
    {
        int wanted = (int)Math.Min(buffer.Length, file.Length - _packed);
        int read = wanted == 0 ? 0 : file.Read(_packed, buffer[..wanted]);
        if (read < wanted)
        {
            throw LostFileException.Shortened(Path, _packed, wanted, read);
        }

        _packed += read;
        return read;
    }

    protected LostFileException Damaged(string found, Exception? inner = null) => new(
        $"{Path} cannot be unpacked: {found}. Move archives in whole, under a name that says how they are packed. "
            + $"Files that are named so and are not packed are read with FileSourceOptions.Compression = None; "
            + $"FileSourceOptions.LostFile = Skip leaves damaged ones out.",
        inner);
}
