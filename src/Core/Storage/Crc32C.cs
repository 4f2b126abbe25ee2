using System.Numerics;
using System.Runtime.InteropServices;

namespace FastStream.Runtime;

/// <summary>CRC-32C (Castagnoli): detects torn and corrupted data, not forged data.</summary>
internal static class Crc32C
{
    public const uint Start = uint.MaxValue;

    public static uint Of(ReadOnlySpan<byte> bytes) => End(Add(Start, bytes));

    public static uint Add(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(bytes))
        {
            crc = BitOperations.Crc32C(crc, word);
        }

        foreach (byte value in bytes[(bytes.Length & ~7)..])
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return crc;
    }

    public static uint End(uint crc) => ~crc;
}
