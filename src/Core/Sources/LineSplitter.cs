using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FastStream.Runtime;

/// <summary>
/// Finds lines, 64 bytes at a time. LF, CR LF or a lone CR ends a line, as in Spark's text sources; what follows the
/// last line end is a line too unless it is empty.
/// </summary>
internal static unsafe class LineSplitter
{
    private const byte LineFeed = (byte)'\n';
    private const byte CarriageReturn = (byte)'\r';
    private const int BlockBytes = 64;

    // Lines are pushed while their bytes are still in the L1 or L2 cache. 8 to 32 KiB measure alike; more lines per
    // span hide more cache misses of tables.
    private const int PieceBytes = 32 << 10;

    // One page ahead: the processor's own prefetching stops at the end of a page, and pauses while the lines of a piece
    // are processed. 512 bytes gave half of the gain. A prefetch past the end of the data, or of memory, does nothing.
    private const int PrefetchBytes = 4096;

    /// <summary>Adds every line, without its line end, and returns the number of lines.</summary>
    public static long Split(in RecordBytes bytes, RecordBuffer<Utf8Text> output)
    {
        fixed (Utf8Text* lines = output.GetSpan(RecordBuffer.SpanRecords))
        {
            return Split(bytes.Start, bytes.Length, bytes.Readable - 16, lines, output);
        }
    }

    // Optimised from the first call: one call handles many thousands of lines, so that tiering up would come late, and
    // it calls no delegate that a profile could inline.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static long Split(byte* start, int length, int padded, Utf8Text* lines, RecordBuffer<Utf8Text> output)
    {
        long total = 0;
        Utf8Text* next = lines;
        int lineStart = 0;
        int position = 0;
        int pieceEnd = PieceBytes;
        Vector256<byte> feed = Vector256.Create(LineFeed);
        Vector256<byte> carriage = Vector256.Create(CarriageReturn);
        int vectorEnd = Math.Min(length, padded - BlockBytes);
        for (; position + BlockBytes <= vectorEnd; position += BlockBytes)
        {
            // A block of 64 bytes ends at most 64 lines: they fit after the waiting lines, or those are pushed first.
            if (position >= pieceEnd || next > lines + (RecordBuffer.SpanRecords - BlockBytes))
            {
                total += HandOn(output, (int)(next - lines));
                next = lines;
                pieceEnd = position + PieceBytes;
            }

            if (Sse.IsSupported)
            {
                Sse.Prefetch0(start + position + PrefetchBytes);
            }

            Vector256<byte> low = Vector256.Load(start + position);
            Vector256<byte> high = Vector256.Load(start + position + 32);
            Vector256<byte> lowCarriages = Vector256.Equals(low, carriage);
            Vector256<byte> highCarriages = Vector256.Equals(high, carriage);
            ulong ends = Mask(Vector256.Equals(low, feed), Vector256.Equals(high, feed));
            if ((lowCarriages | highCarriages) == Vector256<byte>.Zero && lineStart <= position)
            {
                while (ends != 0)
                {
                    int end = position + BitOperations.TrailingZeroCount(ends);
                    ends &= ends - 1;
                    *next++ = Utf8Text.FromPadded(start + lineStart, end - lineStart);
                    lineStart = end + 1;
                }

                continue;
            }

            ends |= Mask(lowCarriages, highCarriages);
            while (ends != 0)
            {
                int end = position + BitOperations.TrailingZeroCount(ends);
                ends &= ends - 1;
                if (end >= lineStart)
                {
                    *next++ = Utf8Text.FromPadded(start + lineStart, end - lineStart);
                    lineStart = AfterEnd(start, end, length);
                }
            }
        }

        while (lineStart < length)
        {
            // The last few lines, or all lines where there are too few bytes for vectors.
            if (next == lines + RecordBuffer.SpanRecords)
            {
                total += HandOn(output, (int)(next - lines));
                next = lines;
            }

            int lineLength = new ReadOnlySpan<byte>(start + lineStart, length - lineStart).IndexOfAny(LineFeed, CarriageReturn);
            int end = lineLength < 0 ? length : lineStart + lineLength;
            *next++ = lineStart <= padded
                ? Utf8Text.FromPadded(start + lineStart, end - lineStart) : Utf8Text.FromExact(start + lineStart, end - lineStart);
            lineStart = end == length ? length : AfterEnd(start, end, length);
        }

        return total + HandOn(output, (int)(next - lines));
    }

    // The position after a line end, where CR LF is one line end.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int AfterEnd(byte* start, int end, int length) =>
        start[end] == CarriageReturn && end + 1 < length && start[end + 1] == LineFeed ? end + 2 : end + 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mask(Vector256<byte> low, Vector256<byte> high) =>
        low.ExtractMostSignificantBits() | ((ulong)high.ExtractMostSignificantBits() << 32);

    private static int HandOn(RecordBuffer<Utf8Text> output, int count)
    {
        output.Advance(count);
        return count;
    }
}
