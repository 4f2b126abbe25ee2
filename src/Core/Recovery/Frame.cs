using System.Buffers;
using System.Buffers.Binary;

namespace FastStream;

/// <summary>How pieces lie in logs and manifests, so that a torn or changed one is seen.</summary>
/// <remarks>
/// <code>| "FSf1" | length (4 bytes) | CRC-32C of seed and length (4) | CRC-32C of seed, length and payload (4) |
/// payload | numbers in little endian</code>
/// The header has a sum of its own: a length is never followed before it is known to be true, and looking for the next
/// frame costs a few bytes for each place, whatever the payloads are. The seed is known to the file and not to whoever
/// sends the payloads: no payload can pass for frames.
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

    /// <summary>Writes what comes before the payload.</summary>
    public static void WriteHeader(Span<byte> header, ReadOnlySpan<byte> payload, ulong seed)
    {
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], payload.Length);
        uint crc = OfHeader(header, seed);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], Crc32C.End(crc));
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], Crc32C.End(Crc32C.Add(crc, payload)));
    }

    /// <summary>The length of the payload behind a header; false where the bytes are no whole header.</summary>
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

    /// <summary>Whether a payload is the one that a whole header was written for.</summary>
    public static bool Fits(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload, ulong seed) =>
        BinaryPrimitives.ReadUInt32LittleEndian(header[12..]) == Crc32C.End(Crc32C.Add(OfHeader(header, seed), payload));

    /// <summary>Takes the payload of the frame at the beginning of the bytes; false where there is no whole one.</summary>
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

    // Goes on with the payload in the other sum.
    private static uint OfHeader(ReadOnlySpan<byte> header, ulong seed)
    {
        Span<byte> bytes = stackalloc byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, seed);
        header[4..8].CopyTo(bytes[8..]);
        return Crc32C.Add(Crc32C.Start, bytes);
    }
}
