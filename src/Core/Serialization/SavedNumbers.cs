using System.Buffers;
using System.Buffers.Binary;

namespace FastStream.Serialization;

/// <summary>Numbers in logs and checkpoints: little endian.</summary>
internal static class SavedNumbers
{
    public static void WriteByte(IBufferWriter<byte> output, byte value)
    {
        output.GetSpan(1)[0] = value;
        output.Advance(1);
    }

    /// <summary>Writes 1 or 0.</summary>
    public static void WriteFlag(IBufferWriter<byte> output, bool flag) => WriteByte(output, flag ? (byte)1 : (byte)0);

    public static void WriteInt32(IBufferWriter<byte> output, int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(output.GetSpan(sizeof(int)), value);
        output.Advance(sizeof(int));
    }

    public static void WriteInt64(IBufferWriter<byte> output, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(output.GetSpan(sizeof(long)), value);
        output.Advance(sizeof(long));
    }

    /// <summary>Reads a number and moves on behind it.</summary>
    /// <exception cref="InvalidDataException">The bytes end before.</exception>
    public static int ReadInt32(ref ReadOnlySpan<byte> bytes)
    {
        ThrowIfShorter(bytes, sizeof(int));
        int value = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        bytes = bytes[sizeof(int)..];
        return value;
    }

    /// <inheritdoc cref="ReadInt32"/>
    public static long ReadInt64(ref ReadOnlySpan<byte> bytes)
    {
        ThrowIfShorter(bytes, sizeof(long));
        long value = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        bytes = bytes[sizeof(long)..];
        return value;
    }

    private static void ThrowIfShorter(ReadOnlySpan<byte> bytes, int needed)
    {
        if (bytes.Length < needed)
        {
            throw new InvalidDataException($"A number of {needed} bytes is expected, and {bytes.Length} bytes are left.");
        }
    }
}
