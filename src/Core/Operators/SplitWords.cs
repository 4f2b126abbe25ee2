using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// The stream of the words of every text. Blanks, tabs and other bytes up to 0x20 separate words; empty words are
    /// dropped. Words share the text's memory.
    /// </summary>
    /// <example><code>var counts = lines.SplitWords().CountByValue();</code></example>
    /// <param name="stream">The texts.</param>
    public static DStream<Utf8Text> SplitWords(this DStream<Utf8Text> stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return new SplitWordsStream(stream);
    }

    /// <summary>
    /// The stream of the words of every string. White space of any kind separates words; empty words are dropped.
    /// </summary>
    /// <param name="stream">The strings.</param>
    public static DStream<string> SplitWords(this DStream<string> stream) =>
        stream.FlatMap(text => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}

internal sealed class SplitWordsStream(DStream<Utf8Text> parent) : DStream<Utf8Text>(parent.Context, "SplitWords", parent)
{
    protected internal override void Connect(GraphBuilder graph, Operator<Utf8Text>[] outputs) =>
        graph.Attach(parent, this, partition => new SplitWordsOperator(outputs[partition]));
}

/// <summary>
/// Works in two steps for a span of texts. The first finds where words begin and end, 64 bytes at a time and four ends
/// per iteration, without a branch for each end. The second makes the words, in one long loop whose branches the
/// processor predicts. Lines that are adjacent in memory are searched as one text: the bytes between them are blank.
/// </summary>
internal sealed unsafe class SplitWordsOperator(Operator<Utf8Text> next) : Operator<Utf8Text, Utf8Text>(next)
{
    private const int BlockBytes = 64;
    private const byte Blank = 0x20;

    // Number of words found before they are made. A block adds at most 64 ends and that of the text, and four are
    // written at once.
    private const int FoundWords = 1024;

    private readonly nint[] _starts = GC.AllocateArray<nint>(FoundWords + BlockBytes + 16, pinned: true);
    private readonly nint[] _ends = GC.AllocateArray<nint>(FoundWords + BlockBytes + 16, pinned: true);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<Utf8Text> items)
    {
        int found = 0;
        byte* runStart = null;
        byte* runEnd = null;
        for (int i = 0; i < items.Length; i++)
        {
            ref readonly Utf8Text text = ref items[i];
            fixed (byte* start = text.Span)
            {
                if (text.IsInline)
                {
                    // Its bytes are in the caller's span, and pinned only here.
                    found = Find(runStart, runEnd, found);
                    Make(Find(start, start + text.Length, found));
                    runStart = runEnd = null;
                    found = 0;
                }
                else if (FollowsOn(runEnd, start))
                {
                    runEnd = start + text.Length;
                }
                else
                {
                    found = Find(runStart, runEnd, found);
                    runStart = start;
                    runEnd = start + text.Length;
                }
            }
        }

        Make(Find(runStart, runEnd, found));
        Output.Flush();
    }

    // Whether only an end of line, one or two blank bytes, lies between two texts.
    private static bool FollowsOn(byte* end, byte* start) =>
        (start - end == 1 || (start - end == 2 && end[1] <= Blank)) && *end <= Blank;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Write(byte* block, ulong blanks, nint* end, nint* start)
    {
        nint at = (nint)block + BitOperations.TrailingZeroCount(blanks);
        *end = at;
        *start = at + 1;
        return blanks & (blanks - 1);
    }

    // Optimised from the first call on; it has no delegate that a profile could inline.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private int Find(byte* text, byte* textEnd, int found)
    {
        int length = (int)(textEnd - text);
        nint* starts = (nint*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_starts));
        nint* ends = (nint*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_ends));
        Vector256<byte> blank = Vector256.Create(Blank);
        starts[found] = (nint)text;
        for (int position = 0; position < length; position += BlockBytes)
        {
            if (found >= FoundWords)
            {
                nint begun = starts[found];
                Make(found);
                found = 0;
                starts[0] = begun;
            }

            byte* block = text + position;
            ulong blanks = length - position >= BlockBytes || Utf8Text.StaysInPage(block, BlockBytes)
                ? Blanks(block, blank)
                : BlanksOfFew(block, length - position);

            // Bytes after the text do not count as blank, whatever they are; the end of the text does.
            int left = length - position;
            blanks = left >= BlockBytes ? blanks : (blanks & ((1ul << left) - 1)) | (1ul << left);
            int count = BitOperations.PopCount(blanks);
            nint* start = starts + found + 1;
            nint* end = ends + found;
            for (int written = 0; written < count; written += 4)
            {
                // After the last end, a blank mask of zero gives 64: these are written into room that the next ends
                // overwrite.
                blanks = Write(block, blanks, end, start);
                blanks = Write(block, blanks, end + 1, start + 1);
                blanks = Write(block, blanks, end + 2, start + 2);
                blanks = Write(block, blanks, end + 3, start + 3);
                start += 4;
                end += 4;
            }

            found += count;
        }

        if (length % BlockBytes == 0 && length > 0)
        {
            ends[found++] = (nint)text + length;
        }

        return found;
    }

    private void Make(int found)
    {
        nint* starts = (nint*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_starts));
        nint* ends = (nint*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_ends));
        for (int first = 0; first < found; first += RecordBuffer.SpanRecords)
        {
            int piece = Math.Min(RecordBuffer.SpanRecords, found - first);
            fixed (Utf8Text* words = Output.GetSpan(piece))
            {
                piece = MakeWords(starts + first, ends + first, piece, words);
            }

            Output.Advance(piece);
        }
    }

    // A method of its own, so that its few variables stay in registers.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static int MakeWords(nint* starts, nint* ends, int found, Utf8Text* words)
    {
        Utf8Text* word = words;
        for (int i = 0; i < found; i++)
        {
            // Store, then advance unless the word is empty.
            int length = (int)(ends[i] - starts[i]);
            Utf8Text.Store(word, (byte*)starts[i], length);
            word += length != 0 ? 1 : 0;
        }

        return (int)(word - words);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Blanks(byte* block, Vector256<byte> blank)
    {
        Vector256<byte> low = Vector256.Load(block);
        Vector256<byte> high = Vector256.Load(block + 32);
        uint lowBlanks = Vector256.Equals(Vector256.Min(low, blank), low).ExtractMostSignificantBits();
        uint highBlanks = Vector256.Equals(Vector256.Min(high, blank), high).ExtractMostSignificantBits();
        return lowBlanks | ((ulong)highBlanks << 32);
    }

    // The last bytes before the end of a page.
    private static ulong BlanksOfFew(byte* block, int count)
    {
        ulong blanks = 0;
        for (int i = 0; i < count; i++)
        {
            blanks |= block[i] <= Blank ? 1ul << i : 0;
        }

        return blanks;
    }
}
