using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FastStream;

/// <summary>Finds lines 64 bytes at a time: ended by LF, CR LF or a lone CR, as in Spark's text sources; what follows the last end is a line too unless it is empty.</summary>
internal static unsafe class LineSplitter
{
    private const byte LineFeed = (byte)'\n';
    private const byte CarriageReturn = (byte)'\r';

    // Lines are handed on while their bytes are still in a near cache. 8 to 32 KiB measure alike; more lines a span hide more misses of tables.
    private const int PieceBytes = 32 << 10;

    /// <summary>Adds every line, without its end, and returns how many there were.</summary>
    // Optimised from the first call: it is called once for many thousands of lines, so that tiers would come late, and it calls no delegate that a profile could inline.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static long Split(in RecordBytes bytes, RecordBuffer<Utf8Text> output)
    {
        byte* start = bytes.Start;
        int length = bytes.Length;
        int padded = bytes.Readable - 16;   // texts that begin up to here may be loaded whole
        var target = new Target(output);
        int lineStart = 0;
        int position = 0;
        Vector256<byte> feed = Vector256.Create(LineFeed);
        Vector256<byte> carriage = Vector256.Create(CarriageReturn);
        int vectorEnd = Math.Min(length, padded - 64);
        int pieceEnd = PieceBytes;
        for (; position + 64 <= vectorEnd; position += 64)
        {
            if (position >= pieceEnd)
            {
                target.HandOn();
                pieceEnd = position + PieceBytes;
            }

            Vector256<byte> low = Vector256.Load(start + position);
            Vector256<byte> high = Vector256.Load(start + position + 32);
            uint lowEnds = (Vector256.Equals(low, feed) | Vector256.Equals(low, carriage)).ExtractMostSignificantBits();
            uint highEnds = (Vector256.Equals(high, feed) | Vector256.Equals(high, carriage)).ExtractMostSignificantBits();
            ulong ends = lowEnds | ((ulong)highEnds << 32);
            while (ends != 0)
            {
                int end = position + BitOperations.TrailingZeroCount(ends);
                ends &= ends - 1;
                if (end >= lineStart)
                {
                    target.Add(Utf8Text.FromPadded(start + lineStart, end - lineStart));
                    lineStart = end + 1;
                    if (start[end] == CarriageReturn && lineStart < length && start[lineStart] == LineFeed)
                    {
                        lineStart++;
                    }
                }
            }
        }

        while (lineStart < length)
        {
            // The last few lines; also all of bytes too few for vectors.
            int lineLength = new ReadOnlySpan<byte>(start + lineStart, length - lineStart).IndexOfAny(LineFeed, CarriageReturn);
            int end = lineLength < 0 ? length : lineStart + lineLength;
            target.Add(lineStart <= padded ? Utf8Text.FromPadded(start + lineStart, end - lineStart) : Utf8Text.FromExact(start + lineStart, end - lineStart));
            lineStart = end + 1;
            if (end < length && start[end] == CarriageReturn && lineStart < length && start[lineStart] == LineFeed)
            {
                lineStart++;
            }
        }

        return target.Finish();
    }

    // The output buffer with its counters in registers.
    private ref struct Target
    {
        private readonly RecordBuffer<Utf8Text> _output;
        private readonly ref Utf8Text _first;
        private int _count;
        private long _total;

        public Target(RecordBuffer<Utf8Text> output)
        {
            _output = output;
            _first = ref MemoryMarshal.GetReference(output.Reserve(RecordBuffer.SpanRecords));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(Utf8Text line)
        {
            Unsafe.Add(ref _first, _count) = line;
            if (++_count == RecordBuffer.SpanRecords)
            {
                HandOn();
            }
        }

        public long Finish()
        {
            HandOn();
            return _total;
        }

        public void HandOn()
        {
            _output.HandOn(_count);
            _total += _count;
            _count = 0;
        }
    }
}
