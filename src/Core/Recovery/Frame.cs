using System.Buffers;
using System.Buffers.Binary;

namespace FastStream;

/// <summary>The format of frames in logs and manifests, which makes torn or changed ones detectable.</summary>
/// <remarks>
/// <code>| "FSf1" | length (4 bytes) | CRC-32C of seed and length (4) | CRC-32C of seed, length and payload (4) |
/// payload | numbers in little endian</code>
/// The header has a checksum of its own: a length is never used before it is verified, and searching for the next frame
/// reads only a few bytes at each offset, whatever the payloads are. The file knows the seed and the senders of
/// payloads do not: no payload can pass for frames.
/// </remarks>
internal static class Frame
{
    public const int HeaderBytes = 16;

    public static ReadOnlySpan<byte> Magic => "FSf1"u8;

    /// <summary>Writes a frame.</summary>
    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> payload, ulong seed = 0)
    {
        WriteHeader(output.GetSpan(HeaderBytes), payload, seed);
        output.Advance(HeaderBytes);
        output.Write(payload);
    }

    /// <summary>Writes the header of a payload.</summary>
    public static void WriteHeader(Span<byte> header, ReadOnlySpan<byte> payload, ulong seed)
    {
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], payload.Length);
        uint crc = OfHeader(header, seed);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], Crc32C.End(crc));
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], Crc32C.End(Crc32C.Add(crc, payload)));
    }

    /// <summary>Reads the length of the payload after a header; false if the bytes are not a whole header.</summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> bytes, ulong seed, out int length)
    {
        length = 0;
        if (bytes.Length < HeaderBytes || !bytes.StartsWith(Magic)
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]) != Crc32C.End(OfHeader(bytes, seed)))
        {
            return false;
        }

        length = BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
        return length >= 0;
    }

    /// <summary>Whether a payload is the one for which a whole header was written.</summary>
    public static bool Fits(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload, ulong seed) =>
        BinaryPrimitives.ReadUInt32LittleEndian(header[12..]) == Crc32C.End(Crc32C.Add(OfHeader(header, seed), payload));

    /// <summary>Takes the payload of the frame at the start of the bytes; false if there is no whole frame.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out Range payload, ulong seed = 0)
    {
        payload = default;
        if (!TryReadHeader(bytes, seed, out int length) || length > bytes.Length - HeaderBytes)
        {
            return false;
        }

        payload = HeaderBytes..(HeaderBytes + length);
        return Fits(bytes, bytes[payload], seed);
    }

    // The other checksum continues from this one with the payload.
    private static uint OfHeader(ReadOnlySpan<byte> header, ulong seed)
    {
        Span<byte> bytes = stackalloc byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, seed);
        header[4..8].CopyTo(bytes[8..]);
        return Crc32C.Add(Crc32C.Start, bytes);
    }
}
