using Microsoft.Win32.SafeHandles;

namespace FastStream;

/// <summary>Reads the log after a start, a frame at a time: no more than one frame is in memory that the caller does not keep.</summary>
/// <remarks>
/// <para>A crash can leave a piece of the last frame, and of none before it: each is on the disk before the next one is
/// begun. So the end of the last file may be torn, and is left out: where the file ends inside of the frame, and where
/// a sector of 512 bytes of it reads as zeros, because some file systems make a file longer before its bytes come. Both
/// never happened, as far as the program knew.</para>
/// <para>Everything else is rot and is refused, with the file and the byte: a frame that is not as it was written and
/// has another behind it or no sector of zeros in it, also where it is the last one. It may have been on the disk, its
/// batch may have run and its outputs may have been seen; leaving it out would lose it without a word. The price:
/// damage to a last frame that has a sector of zeros is taken for a torn end.</para>
/// <para>A file that was removed, emptied or cut off is seen where something tells how far the log went: the next file, or a
/// checkpoint. Nothing tells of what was appended after the
/// last checkpoint.</para>
/// </remarks>
/// <param name="directory">The directory of the log.</param>
/// <param name="fromSegment">The first file that is needed.</param>
/// <param name="known">How far the log went for certain; nothing where nobody knows.</param>
internal sealed class BatchLogReader(string directory, int fromSegment, LogEnd known = default)
{
    private const int SectorBytes = 512;
    private const string WayOut = "if they are lost for good, move the directory away to begin anew without what is in it.";
    private const int PieceBytes = 64 << 10;   // a multiple of the sector

    /// <summary>Number of the file that was read last.</summary>
    public int Segment { get; private set; }

    /// <summary>
    /// Where the last whole frame of that file ends; what follows is to be cut off. Less than a beginning where the
    /// file has none.
    /// </summary>
    public long Length { get; private set; }

    /// <summary>Bytes behind that which a crash left of a frame.</summary>
    public long TornBytes { get; private set; }

    /// <summary>Bytes of the file before that one.</summary>
    public long BytesBefore { get; private set; }

    /// <summary>The payloads in order.</summary>
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

    /// <summary>Looks whether all files are there and as long as is known, and not into them.</summary>
    /// <exception cref="InvalidDataException">One is missing or was cut off.</exception>
    /// <exception cref="IOException">One cannot be read.</exception>
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

    // What a file must have: as much as a checkpoint knew of, and all that the next file says.
    private long LeastLength(int segment, bool isLast) =>
        Math.Max(segment == known.Segment ? known.Length : 0, isLast ? 0 : BytesBeforeOf(segment + 1));

    private static InvalidDataException CutOff(string path, long length) => new(
        $"{path} is damaged at byte {length}: more was written to the file, and it was cut off there; no crash leaves it so. " +
        $"Bring the whole file back. Without it the batches from there on are lost; {WayOut}");

    // A file that was not begun says nothing; the reading of it decides whether that may be.
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
        bool isKnown = segment <= known.Segment;   // a checkpoint was made after it was begun
        if (isLast && !isKnown && end <= BatchLog.FileHeaderBytes && !HasBeginning(file, path, segment))
        {
            yield break;   // the crash came while the file was begun
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

    // The length is followed only where the header is whole and the file has as many bytes.
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

    // Looks at every place, for a length that is damaged says nothing of where the next frame is.
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
