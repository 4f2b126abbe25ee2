using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace FastStream;

/// <summary>The header of a log file.</summary>
/// <remarks>
/// <code>a frame of: | format (4 bytes) | number of the file (4) | salt (8) | bytes of the file before (8) |</code>
/// The next file records the length of this one: it is final once the next one is begun.
/// </remarks>
internal static class BatchLogFile
{
    /// <summary>Bytes of the payload of the header.</summary>
    public const int OwnBytes = 24;

    private const int Format = 2;

    /// <summary>Writes the header of a file, over existing content.</summary>
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

    /// <summary>Reads the salt from the header of a file.</summary>
    /// <exception cref="InvalidDataException">
    /// The header is damaged, belongs to another file, or has an unknown version.
    /// </exception>
    public static ulong SaltOf(SafeFileHandle file, string path, int segment) => BeginningOf(file, path, segment).Salt;

    /// <summary>Reads the header of a file: its salt, and the length of the file before it.</summary>
    /// <exception cref="InvalidDataException">
    /// The header is damaged, belongs to another file, or has an unknown version.
    /// </exception>
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

    /// <summary>The seed of the checksums of a frame at an offset.</summary>
    public static ulong SeedAt(ulong salt, long offset) => unchecked(salt + (ulong)offset);

    /// <summary>Fills the bytes from an offset of the file; false if the file ends before.</summary>
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
