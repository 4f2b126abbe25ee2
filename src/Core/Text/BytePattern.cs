using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FastStream;

/// <summary>
/// Searches for a few bytes in a line: lines are many and short, usually without a hit, so that one test for a whole
/// line pays.
/// </summary>
/// <remarks>
/// As in .NET's own search, a position is a candidate if the first and the last byte of the pattern are at the right
/// distance (Mula, "SIMD-friendly algorithms for substring searching", 2016). It checks for candidates not every 32
/// bytes but once for <see cref="StretchBytes"/>; if there is one, .NET's search continues.
/// docs/decisions/0002-utf8-text.md has the measurements.
/// </remarks>
internal static unsafe class BytePattern
{
    private const int BlockBytes = 32;
    private const int StretchBytes = 256;   // so that long lines with an early hit are not read to their end

    /// <summary>Index in bytes of the first occurrence, or -1.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static int IndexOf(byte* text, int length, ReadOnlySpan<byte> value)
    {
        // Positions where the value may begin.
        int last = value.Length - 1;
        int places = length - last;
        if (last < 1 || places < BlockBytes || !Vector256.IsHardwareAccelerated)
        {
            return new ReadOnlySpan<byte>(text, length).IndexOf(value);
        }

        Vector256<byte> firstByte = Vector256.Create(value[0]);
        Vector256<byte> lastByte = Vector256.Create(value[last]);
        byte* finalBlock = text + places - BlockBytes;
        byte* block = text;
        do
        {
            byte* stretch = block;
            byte* stretchEnd = (finalBlock - block) > StretchBytes ? block + StretchBytes : finalBlock;
            Vector256<byte> candidates =
                Vector256.Equals(Vector256.Load(stretchEnd), firstByte) & Vector256.Equals(Vector256.Load(stretchEnd + last), lastByte);
            for (; block < stretchEnd; block += BlockBytes)
            {
                candidates |= Vector256.Equals(Vector256.Load(block), firstByte) & Vector256.Equals(Vector256.Load(block + last), lastByte);
            }

            if (candidates != Vector256<byte>.Zero)
            {
                int skipped = (int)(stretch - text);
                int index = new ReadOnlySpan<byte>(stretch, length - skipped).IndexOf(value);
                return index < 0 ? -1 : skipped + index;
            }
        }
        while (block < finalBlock);

        return -1;
    }
}
