using System.Buffers;
using System.Buffers.Binary;

namespace FastStream;

/// <summary>How pieces lie in logs and manifests, so that a torn or changed one is seen.</summary>
/// <remarks><code>| "FSf1" | length (4 bytes) | CRC-32C of length and payload (4 bytes) | payload |     numbers in little endian</code></remarks>
internal static class Frame
{
    public const int HeaderBytes = 12;

    private static ReadOnlySpan<byte> Magic => "FSf1"u8;

    /// <summary>Writes a frame.</summary>
    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> payload)
    {
        Span<byte> header = output.GetSpan(HeaderBytes);
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], payload.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], Sum(header[4..8], payload));
        output.Advance(HeaderBytes);
        output.Write(payload);
    }

    /// <summary>Takes the payload of the frame at the beginning of the bytes; false where there is no whole one.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out Range payload)
    {
        payload = default;
        if (bytes.Length < HeaderBytes || !bytes.StartsWith(Magic))
        {
            return false;
        }

        int length = BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
        if (length < 0 || length > bytes.Length - HeaderBytes)
        {
            return false;
        }

        payload = HeaderBytes..(HeaderBytes + length);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]) == Sum(bytes[4..8], bytes[payload]);
    }

    /// <summary>Where the next whole frame begins, behind the first byte; -1 where there is none.</summary>
    public static int FindNext(ReadOnlySpan<byte> bytes)
    {
        for (int from = 1; ;)
        {
            int found = from < bytes.Length ? bytes[from..].IndexOf(Magic) : -1;
            if (found < 0)
            {
                return -1;
            }

            from += found;
            if (TryRead(bytes[from..], out _))
            {
                return from;
            }

            from++;
        }
    }

    private static uint Sum(ReadOnlySpan<byte> length, ReadOnlySpan<byte> payload) => Crc32C.End(Crc32C.Add(Crc32C.Add(Crc32C.Start, length), payload));
}
