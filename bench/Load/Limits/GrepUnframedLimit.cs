using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FastStream.Bench.Load;

/// <summary>
/// Looks for ERROR in the whole input, and for the line around it only after a hit. No engine that hands out records can
/// do that: it shows what framing costs.
/// </summary>
internal sealed unsafe class GrepUnframedLimit : Limit
{
    private readonly MatchedLines _matches = new();

    public override void Process(byte* start, byte* end)
    {
        byte* searchFrom = start;
        for (byte* block = start; block < end; block += ByteScan.BlockBytes)
        {
            ulong candidates = CandidateMask(block) | ((ulong)CandidateMask(block + 32) << 32);
            while (candidates != 0)
            {
                byte* candidate = block + BitOperations.TrailingZeroCount(candidates);
                candidates &= candidates - 1;

                // One line counts once, however many times it says ERROR.
                if (candidate >= searchFrom && end - candidate >= 5 && candidate[2] == 'R' && candidate[3] == 'O')
                {
                    searchFrom = AddLineAround(start, candidate, end);
                }
            }
        }
    }

    public override Checksum EndBatch() => _matches.EndBatch();

    // E at 0, R at 1 and 4: three compares that a log's other words hardly ever pass. Reads 4 bytes further than 32,
    // which is within the padding.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint CandidateMask(byte* block)
    {
        Vector256<byte> letterR = Vector256.Create((byte)'R');
        Vector256<byte> first = Vector256.Equals(Vector256.Load(block), Vector256.Create((byte)'E'));
        Vector256<byte> second = Vector256.Equals(Vector256.Load(block + 1), letterR);
        Vector256<byte> fifth = Vector256.Equals(Vector256.Load(block + 4), letterR);
        return (first & second & fifth).ExtractMostSignificantBits();
    }

    private byte* AddLineAround(byte* start, byte* hit, byte* end)
    {
        byte* line = start + new ReadOnlySpan<byte>(start, (int)(hit - start)).LastIndexOf((byte)'\n') + 1;
        int length = new ReadOnlySpan<byte>(line, (int)(end - line)).IndexOf((byte)'\n');
        _matches.Add(new ReadOnlySpan<byte>(line, length));
        return line + length;
    }
}
