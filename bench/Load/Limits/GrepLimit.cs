using System.Numerics;
using System.Runtime.Intrinsics;

namespace FastStream.Bench.Load;

/// <summary>
/// Finds every line feed and hands every line, as a span, to IndexOf: the least that an engine with a filter over bytes
/// must do.
/// </summary>
internal sealed unsafe class GrepLimit : Limit
{
    private readonly MatchedLines _matches = new();

    public override void Process(byte* start, byte* end)
    {
        Vector256<byte> lineFeed = Vector256.Create((byte)'\n');
        byte* line = start;
        for (byte* block = start; block < end; block += ByteScan.BlockBytes)
        {
            ByteScan.PrefetchAhead(block);
            ulong mask = ByteScan.EqualMask(block, lineFeed) & ByteScan.BitsBefore(block, end);
            while (mask != 0)
            {
                byte* lineEnd = block + BitOperations.TrailingZeroCount(mask);
                mask &= mask - 1;
                var text = new ReadOnlySpan<byte>(line, (int)(lineEnd - line));
                if (text.IndexOf("ERROR"u8) >= 0)
                {
                    _matches.Add(text);
                }

                line = lineEnd + 1;
            }
        }
    }

    public override Checksum EndBatch() => _matches.EndBatch();
}
