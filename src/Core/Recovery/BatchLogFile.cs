using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace FastStream;

/// <summary>How a file of the log begins.</summary>
/// <remarks>
/// <code>a frame of: | format (4 bytes) | number of the file (4) | salt (8) | bytes of the file before (8) |</code>
/// A file is as long as the next one says: that is known for good once the next one is begun.
/// </remarks>
internal static class BatchLogFile
{
    /// <summary>Bytes of what a file says of itself.</summary>
    public const int OwnBytes = 24;

    private const int Format = 2;

    /// <summary>Writes the beginning of a file, over whatever is there.</summary>
    /// <returns>Its salt.</returns>
    public static ulong Begin(FileStream file, int segment, long bytesBefore)
    {
        Span<byte> bytes = stackalloc byte[BatchLog.FileHeaderBytes];
        Span<byte> own = bytes[Frame.HeaderBytes..];
        BinaryPrimitives.WriteInt32LittleEndian(own, Format);
        BinaryPrimitives.WriteInt32LittleEndian(own[4..], segment);
        RandomNumberGenerator.Fill(own[8..16]);
        BinaryPrimitives.WriteInt64LittleEndian(own[16..], bytesBefore);
        Frame.WriteHeader(bytes, own, seed: 0);
        file.SetLength(0);
        RandomAccess.Write(file.SafeFileHandle, bytes, 0);
        return BinaryPrimitives.ReadUInt64LittleEndian(own[8..]);
    }

    /// <summary>Reads the salt of a file that was begun.</summary>
    /// <exception cref="InvalidDataException">The beginning is damaged, of another file, or of a version that this one does not
    /// know.</exception>
    public static ulong SaltOf(SafeFileHandle file, string path, int segment) => BeginningOf(file, path, segment).Salt;

    /// <summary>Reads the beginning of a file that was begun: its salt, and how many bytes the file before it has.</summary>
    /// <exception cref="InvalidDataException">The beginning is damaged, of another file, or of a version that this one does not
    /// know.</exception>
    public static (ulong Salt, long BytesBefore) BeginningOf(SafeFileHandle file, string path, int segment)
    {
        Span<byte> bytes = stackalloc byte[BatchLog.FileHeaderBytes];
        if (!TryReadExactly(file, bytes, 0) || !Frame.TryRead(bytes, out Range payload) || bytes[payload].Length < sizeof(int))
        {
            throw new InvalidDataException(
                $"{path} is damaged at byte 0: the beginning of the file is not as it was written. Bring an "
                + "undamaged copy back; without it the batches in it are lost.");
        }

        ReadOnlySpan<byte> own = bytes[payload];
        int format = BinaryPrimitives.ReadInt32LittleEndian(own);
        if (format != Format || own.Length != OwnBytes)
        {
            throw new InvalidDataException(
                $"{path} has the format {format}; this version reads {Format}. Start the version that wrote it.");
        }

        int number = BinaryPrimitives.ReadInt32LittleEndian(own[4..]);
        return number == segment
            ? (BinaryPrimitives.ReadUInt64LittleEndian(own[8..]), BinaryPrimitives.ReadInt64LittleEndian(own[16..]))
            : throw new InvalidDataException($"{path} was written as file {number} of the log. Give it its name back.");
    }

    /// <summary>What the sums of a frame at a place begin with.</summary>
    public static ulong SeedAt(ulong salt, long offset) => unchecked(salt + (ulong)offset);

    /// <summary>Fills the bytes from a place of the file on; false where it ends before.</summary>
    public static bool TryReadExactly(SafeFileHandle file, Span<byte> bytes, long offset)
    {
        while (!bytes.IsEmpty)
        {
            int read = RandomAccess.Read(file, bytes, offset);
            if (read == 0)
            {
                return false;
            }

            bytes = bytes[read..];
            offset += read;
        }

        return true;
    }
}
