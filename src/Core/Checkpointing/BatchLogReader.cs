using Microsoft.Win32.SafeHandles;

namespace FastStream;

/// <summary>Reads the log after a start, a frame at a time: no more than one frame is in memory that the caller does not keep.</summary>
/// <remarks>
/// <para>A crash can leave a piece of the last frame, and of none before it: each is on the disk before the next one is begun. So the end of the last file may be torn, and is left out:
/// where the file ends inside of the frame, and where a sector of 512 bytes of it reads as zeros, because some file systems make a file longer before its bytes come. Both never happened, as
/// far as the program knew.</para>
/// <para>Everything else is rot and is refused, with the file and the byte: a frame that is not as it was written and has another behind it or no sector of zeros in it, also where it is the
/// last one. It may have been on the disk, its batch may have run and its outputs may have been seen; leaving it out would lose it without a word. The price: damage to a last frame that has a
/// sector of zeros is taken for a torn end.</para>
/// </remarks>
/// <param name="directory">The directory of the log.</param>
/// <param name="fromSegment">The first file that is needed.</param>
internal sealed class BatchLogReader(string directory, int fromSegment)
{
    private const int SectorBytes = 512;
    private const int PieceBytes = 64 << 10;   // a multiple of the sector

    /// <summary>Number of the file that was read last.</summary>
    public int Segment { get; private set; }

    /// <summary>Where the last whole frame of that file ends; what follows is to be cut off. Less than a beginning where the file has none.</summary>
    public long Length { get; private set; }

    /// <summary>The payloads in order.</summary>
    /// <exception cref="InvalidDataException">A file is damaged, or one is missing.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public IEnumerable<byte[]> Frames()
    {
        int[] segments = BatchLog.Segments(directory).Where(segment => segment >= fromSegment).Order().ToArray();
        for (int i = 0; i < Math.Max(1, segments.Length); i++)
        {
            if (segments.Length == 0 || segments[i] != fromSegment + i)
            {
                throw new InvalidDataException($"{BatchLog.PathOf(directory, fromSegment + i)} is missing. Bring the file back; without it the batches in it are lost.");
            }

            foreach (byte[] payload in FramesOf(segments[i], isLast: i == segments.Length - 1))
            {
                yield return payload;
            }
        }
    }

    private IEnumerable<byte[]> FramesOf(int segment, bool isLast)
    {
        string path = BatchLog.PathOf(directory, segment);
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, FileOptions.SequentialScan);
        long end = RandomAccess.GetLength(file);
        Segment = segment;
        Length = 0;
        if (isLast && end <= BatchLog.FileHeaderBytes && !HasBeginning(file, path, segment))
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
            else if (isLast && isTorn)
            {
                yield break;
            }
            else
            {
                throw new InvalidDataException(
                    $"{path} is damaged at byte {Length}: what stands there is not as it was written, and no crash leaves it so. Bring an undamaged copy back. Without one the batches from there on are lost; cutting the file off at that byte, and removing the files after it, goes on without them.");
            }
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
