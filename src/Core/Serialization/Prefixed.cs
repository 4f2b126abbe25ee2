using System.Buffers.Binary;

namespace FastStream.Serialization;

/// <summary>Lengths in front of what they are of.</summary>
internal static class Prefixed
{
    /// <summary>Reads a length: -1 for nothing, or at most what is left.</summary>
    /// <exception cref="InvalidDataException">It is neither.</exception>
    public static int Length(ref ReadOnlySpan<byte> bytes)
    {
        int length = bytes.Length < sizeof(int) ? int.MinValue : BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (length < -1 || length > bytes.Length - sizeof(int))
        {
            throw new InvalidDataException($"A length is {length}, and {bytes.Length} bytes are left.");
        }

        bytes = bytes[sizeof(int)..];
        return length;
    }

    /// <summary>Reads the length of what must be there: 0, or at most what is left.</summary>
    /// <exception cref="InvalidDataException">It is not.</exception>
    public static int LengthOfPresent(ref ReadOnlySpan<byte> bytes)
    {
        int length = Length(ref bytes);
        return length >= 0 ? length : throw new InvalidDataException("Nothing stands where something is expected.");
    }
}
