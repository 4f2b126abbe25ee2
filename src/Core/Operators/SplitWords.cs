using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FastStream;

/// <summary>Texts to words.</summary>
public static class SplitWordsExtensions
{
    /// <summary>The stream of the words of every text: what stands between blanks, tabs and other bytes up to 0x20; empty words are left out. Words share the text's memory.</summary>
    /// <example><code>var counts = lines.SplitWords().CountByValue();</code></example>
    public static DStream<Utf8Text> SplitWords(this DStream<Utf8Text> stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return new SplitWordsStream(stream);
    }

    /// <summary>The stream of the words of every string; empty words are left out.</summary>
    public static DStream<string> SplitWords(this DStream<string> stream) =>
        stream.FlatMap(text => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}

internal sealed class SplitWordsStream(DStream<Utf8Text> parent) : DStream<Utf8Text>(parent.Context, "SplitWords", parent)
{
    protected internal override void Connect(GraphBuilder graph, Operator<Utf8Text>[] outputs) =>
        graph.Attach(parent, this, partition => new SplitWordsOperator(outputs[partition]));
}

/// <summary>Finds blanks 32 bytes at a time; a word is what stands between two of them.</summary>
internal sealed unsafe class SplitWordsOperator(Operator<Utf8Text> next) : Operator<Utf8Text, Utf8Text>(next)
{
    public override void OnBatch(ReadOnlySpan<Utf8Text> items)
    {
        foreach (ref readonly Utf8Text text in items)
        {
            fixed (byte* start = text.Span)
            {
                Split(start, text.Length, text.IsInline);
            }
        }

        Output.Flush();
    }

    // Optimised from the first call; there is no delegate in it that a profile could inline.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Split(byte* start, int length, bool isInline)
    {
        // Words near the end of the text are made byte by byte only where nothing may be read behind it, as in a text that lies in a struct.
        RecordBuffer<Utf8Text> output = Output;
        byte* safe = isInline ? start + length - 16 : start + length;
        int wordStart = 0;
        int position = 0;
        Vector256<byte> blank = Vector256.Create((byte)0x20);
        for (; position + 32 <= length; position += 32)
        {
            Vector256<byte> bytes = Vector256.Load(start + position);
            uint blanks = Vector256.Equals(Vector256.Min(bytes, blank), bytes).ExtractMostSignificantBits();
            while (blanks != 0)
            {
                int at = position + System.Numerics.BitOperations.TrailingZeroCount(blanks);
                blanks &= blanks - 1;
                if (at > wordStart)
                {
                    output.Add(Word(start + wordStart, at - wordStart, safe));
                }

                wordStart = at + 1;
            }
        }

        for (; position < length; position++)
        {
            if (start[position] <= 0x20)
            {
                if (position > wordStart)
                {
                    output.Add(Word(start + wordStart, position - wordStart, safe));
                }

                wordStart = position + 1;
            }
        }

        if (length > wordStart)
        {
            output.Add(Word(start + wordStart, length - wordStart, safe));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Utf8Text Word(byte* start, int length, byte* safe) =>
        start <= safe ? Utf8Text.FromPadded(start, length) : Utf8Text.FromExact(start, length);
}
