using System.Buffers.Text;
using System.Runtime.CompilerServices;

namespace FastStream;

/// <summary>Searching, trimming and parsing of <see cref="Utf8Text"/>: all on the bytes, nothing allocated.</summary>
public static class Utf8TextSearch
{
    /// <summary>Whether the bytes of <paramref name="value"/> occur in the text: <c>line.Contains("ERROR"u8)</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Contains(this in Utf8Text text, ReadOnlySpan<byte> value) => text.Span.IndexOf(value) >= 0;

    /// <summary>Whether a byte occurs in the text.</summary>
    public static bool Contains(this in Utf8Text text, byte value) => text.Span.Contains(value);

    /// <summary>Whether another text occurs in the text.</summary>
    public static bool Contains(this in Utf8Text text, Utf8Text value) => text.Span.IndexOf(value.Span) >= 0;

    /// <summary>Whether the text starts with these bytes.</summary>
    public static bool StartsWith(this in Utf8Text text, ReadOnlySpan<byte> value) => text.Span.StartsWith(value);

    /// <summary>Whether the text ends with these bytes.</summary>
    public static bool EndsWith(this in Utf8Text text, ReadOnlySpan<byte> value) => text.Span.EndsWith(value);

    /// <summary>Index in bytes of the first occurrence, or -1.</summary>
    public static int IndexOf(this in Utf8Text text, ReadOnlySpan<byte> value) => text.Span.IndexOf(value);

    /// <summary>Index in bytes of the first occurrence, or -1.</summary>
    public static int IndexOf(this in Utf8Text text, byte value) => text.Span.IndexOf(value);

    /// <summary>Index in bytes of the last occurrence, or -1.</summary>
    public static int LastIndexOf(this in Utf8Text text, byte value) => text.Span.LastIndexOf(value);

    /// <summary>Index in bytes of the last occurrence, or -1.</summary>
    public static int LastIndexOf(this in Utf8Text text, ReadOnlySpan<byte> value) => text.Span.LastIndexOf(value);

    /// <summary>The text without ASCII white space at both ends.</summary>
    public static Utf8Text Trim(this in Utf8Text text)
    {
        Range kept = System.Text.Ascii.Trim(text.Span);
        return text.Slice(kept.Start.Value, kept.End.Value - kept.Start.Value);
    }

    /// <summary>The parts between separators, in order; no separator gives the whole text, and empty parts are kept. Enumerate with <c>foreach</c>.</summary>
    public static Utf8TextSplit Split(this in Utf8Text text, byte separator) => new(text, separator);

    /// <summary>The n-th part between separators, counted from 0; false if there are not so many.</summary>
    public static bool TryField(this in Utf8Text text, byte separator, int index, out Utf8Text field)
    {
        foreach (Utf8Text part in text.Split(separator))
        {
            if (index-- == 0)
            {
                field = part;
                return true;
            }
        }

        field = default;
        return false;
    }

    /// <summary>The whole text as a decimal integer, with an optional sign; false if it is anything else or out of range.</summary>
    public static bool TryParse(this in Utf8Text text, out long value) =>
        text.TryParseFewDigits(out value) || (Utf8Parser.TryParse(text.Span, out value, out int used) && used == text.Length);

    /// <summary>The whole text as a decimal integer, with an optional sign; false if it is anything else or out of range.</summary>
    public static bool TryParse(this in Utf8Text text, out int value) =>
        Utf8Parser.TryParse(text.Span, out value, out int used) && used == text.Length;

    /// <summary>The whole text as a number in invariant notation; false if it is anything else.</summary>
    public static bool TryParse(this in Utf8Text text, out double value) =>
        Utf8Parser.TryParse(text.Span, out value, out int used) && used == text.Length;

    /// <summary>The whole text as a decimal number in invariant notation; false if it is anything else.</summary>
    public static bool TryParse(this in Utf8Text text, out decimal value) =>
        Utf8Parser.TryParse(text.Span, out value, out int used) && used == text.Length;
}
