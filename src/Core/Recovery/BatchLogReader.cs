using Microsoft.Win32.SafeHandles;

namespace FastStream;

/// <summary>
/// Reads the log at a start, frame by frame: at most one frame is in memory, besides those that the caller keeps.
/// </summary>
/// <remarks>
/// <para>A crash can tear only the last frame: each frame is on disk before the next one is begun. A torn end of the
/// last file is therefore ignored: where the file ends inside the frame, or where a 512-byte sector of the frame reads
/// as zeros, because some file systems extend a file before they write its bytes. In both cases <c>Append</c> never
/// returned.</para>
/// <para>Everything else is corruption, and the reader refuses it with the file and the byte: a frame that differs from
/// what was written, and that has another frame after it or contains no sector of zeros, even if it is the last one.
/// Such a frame may have been on disk, its batch may have run and its outputs may have been seen; ignoring it would
/// lose it silently. The price: damage to a last frame with a sector of zeros is taken for a torn end.</para>
/// <para>The next file, or a checkpoint, records how far the log went, so that a removed, emptied or truncated file is
/// detected. Nothing records this for frames appended after the last checkpoint.</para>
/// </remarks>
/// <param name="directory">The directory of the log.</param>
/// <param name="fromSegment">The first file that is needed.</param>
/// <param name="known">How far the log certainly went; default if unknown.</param>
internal sealed class BatchLogReader(string directory, int fromSegment, LogEnd known = default)
{
    private const int SectorBytes = 512;
    private const string WayOut = "if they are lost for good, move the directory away to begin anew without what is in it.";
    private const int PieceBytes = 64 << 10;   // a multiple of the sector

    /// <summary>Number of the last file read.</summary>
    public int Segment { get; private set; }

    /// <summary>
    /// The end of the last whole frame of that file; the rest must be truncated. Less than a header if the file has
    /// none.
    /// </summary>
    public long Length { get; private set; }

    /// <summary>Bytes of a torn frame after <see cref="Length"/>, left by a crash.</summary>
    public long TornBytes { get; private set; }

    /// <summary>Length of the file before that one.</summary>
    public long BytesBefore { get; private set; }

    /// <summary>The payloads, in order.</summary>
    /// <exception cref="InvalidDataException">A file is damaged, or one is missing.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public IEnumerable<byte[]> Frames()
    {
        int[] segments = Present();
        foreach (int segment in segments)
        {
            foreach (byte[] payload in FramesOf(segment, isLast: segment == segments[^1]))
            {
                yield return payload;
            }

            BytesBefore = segment == segments[^1] ? BytesBefore : Length;
        }
    }

    /// <summary>Checks that all files exist and have at least their known length; does not read their content.</summary>
    /// <exception cref="InvalidDataException">A file is missing or truncated.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public void CheckFiles()
    {
        int[] segments = Present();
        foreach (int segment in segments)
        {
            string path = BatchLog.PathOf(directory, segment);
            using SafeFileHandle file = PrivateFile.OpenToRead(path);
            long length = RandomAccess.GetLength(file);
            if (length < LeastLength(segment, isLast: segment == segments[^1]))
            {
                throw CutOff(path, length);
            }
        }
    }

    private int[] Present()
    {
        int[] segments = BatchLog.Segments(directory).Where(segment => segment >= fromSegment).Order().ToArray();
        int last = Math.Max(Math.Max(fromSegment, known.Segment), segments.LastOrDefault());
        for (int segment = fromSegment; segment <= last; segment++)
        {
            if (!segments.Contains(segment))
            {
                throw new InvalidDataException(
                    $"{BatchLog.PathOf(directory, segment)} is missing. Bring the file back; without it the batches "
                        + $"in it are lost; {WayOut}");
            }
        }

        return segments;
    }

    // The length that a file must have: what a checkpoint knew of, and what the next file records.
    private long LeastLength(int segment, bool isLast) =>
        Math.Max(segment == known.Segment ? known.Length : 0, isLast ? 0 : BytesBeforeOf(segment + 1));

    private static InvalidDataException CutOff(string path, long length) => new(
        $"{path} is damaged at byte {length}: more was written to the file, and it was cut off there; no crash leaves it so. " +
        $"Bring the whole file back. Without it the batches from there on are lost; {WayOut}");

    // A file without a header records nothing; reading the file decides whether that is allowed.
    private long BytesBeforeOf(int segment)
    {
        string path = BatchLog.PathOf(directory, segment);
        using SafeFileHandle file = PrivateFile.OpenToRead(path);
        try
        {
            return BatchLogFile.BeginningOf(file, path, segment).BytesBefore;
        }
        catch (InvalidDataException)
        {
            return 0;
        }
    }

    private IEnumerable<byte[]> FramesOf(int segment, bool isLast)
    {
        string path = BatchLog.PathOf(directory, segment);
        using SafeFileHandle file = PrivateFile.OpenToRead(path);
        long end = RandomAccess.GetLength(file);
        Segment = segment;
        Length = 0;
        TornBytes = 0;
        long least = LeastLength(segment, isLast);
        bool isKnown = segment <= known.Segment;   // a checkpoint was made after the file was begun
        if (isLast && !isKnown && end <= BatchLog.FileHeaderBytes && !HasBeginning(file, path, segment))
        {
            yield break;   // a crash interrupted the creation of the file
        }

        ulong salt = BatchLogFile.SaltOf(file, path, segment);
        Length = BatchLog.FileHeaderBytes;
        while (Length < end)
        {
            byte[]? payload = Read(file, salt, Length, end, out bool isTorn);
            if (payload is not null)
            {
                Length += Frame.HeaderBytes + payload.Length;
                yield return payload;
            }
            else if (isLast && isTorn && Length >= least)
            {
                TornBytes = end - Length;
                yield break;
            }
            else
            {
                throw new InvalidDataException(
                    $"{path} is damaged at byte {Length}: what stands there is not as it was written, and no crash leaves it so. " +
                    $"Bring an undamaged copy back. Without one the batches from there on are lost; {WayOut}");
            }
        }

        if (Length < least)
        {
            throw CutOff(path, Length);
        }
    }

    private static bool HasBeginning(SafeFileHandle file, string path, int segment)
    {
        try
        {
            BatchLogFile.SaltOf(file, path, segment);
            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    // The length is trusted only where the header is whole and the file has that many bytes.
    private static byte[]? Read(SafeFileHandle file, ulong salt, long at, long end, out bool isTorn)
    {
        ulong seed = BatchLogFile.SeedAt(salt, at);
        Span<byte> header = stackalloc byte[Frame.HeaderBytes];
        isTorn = end - at < Frame.HeaderBytes;
        if (isTorn || !BatchLogFile.TryReadExactly(file, header, at) || !Frame.TryReadHeader(header, seed, out int length))
        {
            isTorn = isTorn || (HasSectorOfZeros(file, at, end) && !HasHeader(file, salt, at + 1, end));
            return null;
        }

        long frameEnd = at + Frame.HeaderBytes + length;
        isTorn = end < frameEnd;
        if (isTorn)
        {
            return null;
        }

        byte[] payload = GC.AllocateUninitializedArray<byte>(length);
        if (BatchLogFile.TryReadExactly(file, payload, at + Frame.HeaderBytes) && Frame.Fits(header, payload, seed))
        {
            return payload;
        }

        isTorn = end == frameEnd && HasSectorOfZeros(file, at, end);
        return null;
    }

    private static bool HasSectorOfZeros(SafeFileHandle file, long from, long end)
    {
        byte[] piece = new byte[PieceBytes];
        while (from < end)
        {
            int length = (int)Math.Min(end - from, PieceBytes - (from % SectorBytes));
            Span<byte> bytes = piece.AsSpan(0, length);
            if (!BatchLogFile.TryReadExactly(file, bytes, from))
            {
                return true;
            }

            while (!bytes.IsEmpty)
            {
                int inSector = (int)Math.Min(bytes.Length, SectorBytes - (from % SectorBytes));
                if (!bytes[..inSector].ContainsAnyExcept((byte)0))
                {
                    return true;
                }

                bytes = bytes[inSector..];
                from += inSector;
            }
        }

        return false;
    }

    // Checks every offset, because a damaged length does not tell where the next frame is.
    private static bool HasHeader(SafeFileHandle file, ulong salt, long from, long end)
    {
        byte[] piece = new byte[PieceBytes];
        for (; end - from >= Frame.HeaderBytes; from += PieceBytes - Frame.HeaderBytes + 1)
        {
            Span<byte> bytes = piece.AsSpan(0, (int)Math.Min(PieceBytes, end - from));
            if (!BatchLogFile.TryReadExactly(file, bytes, from))
            {
                return false;
            }

            for (int at = 0; bytes[at..].IndexOf(Frame.Magic) is >= 0 and var found; at++)
            {
                at += found;
                if (Frame.TryReadHeader(bytes[at..], BatchLogFile.SeedAt(salt, from + at), out _))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
