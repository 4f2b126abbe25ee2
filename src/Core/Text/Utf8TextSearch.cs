using System.Buffers.Text;
using System.Runtime.CompilerServices;

namespace FastStream;

/// <summary>Searching, trimming and parsing of <see cref="Utf8Text"/>: directly on the bytes, without allocations.</summary>
public static class Utf8TextSearch
{
    /// <summary>Whether the bytes of <paramref name="value"/> occur in the text: <c>line.Contains("ERROR"u8)</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Contains(this Utf8Text text, ReadOnlySpan<byte> value) => text.IndexOf(value) >= 0;

    /// <summary>Whether a byte occurs in the text.</summary>
    public static bool Contains(this Utf8Text text, byte value) => text.Span.Contains(value);

    /// <summary>Whether another text occurs in the text.</summary>
    public static bool Contains(this Utf8Text text, Utf8Text value) => text.IndexOf(value.Span) >= 0;

    /// <summary>Whether the text starts with these bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool StartsWith(this Utf8Text text, ReadOnlySpan<byte> value) =>
        text.IsLong ? text.LongSpan.StartsWith(value) : ShortStartsWith(text, value);

    /// <summary>Whether the text ends with these bytes.</summary>
    public static bool EndsWith(this Utf8Text text, ReadOnlySpan<byte> value) => text.Span.EndsWith(value);

    /// <summary>Index in bytes of the first occurrence, or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int IndexOf(this Utf8Text text, ReadOnlySpan<byte> value) =>
        text.IsLong ? text.IndexInLong(value) : IndexInShort(text, value);

    /// <summary>Index in bytes of the first occurrence, or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int IndexOf(this Utf8Text text, byte value) => text.IsLong ? text.LongSpan.IndexOf(value) : IndexInShort(text, value);

    /// <summary>Index in bytes of the last occurrence, or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int LastIndexOf(this Utf8Text text, byte value) =>
        text.IsLong ? text.LongSpan.LastIndexOf(value) : LastIndexInShort(text, value);

    /// <summary>Index in bytes of the last occurrence, or -1.</summary>
    public static int LastIndexOf(this Utf8Text text, ReadOnlySpan<byte> value) => text.Span.LastIndexOf(value);

    /// <summary>The text without ASCII white space at both ends.</summary>
    public static Utf8Text Trim(this Utf8Text text)
    {
        Range kept = System.Text.Ascii.Trim(text.Span);
        return text.Slice(kept.Start.Value, kept.End.Value - kept.Start.Value);
    }

    /// <summary>
    /// The part before the first separator; the whole text if there is none. <c>line.UpTo((byte)' ')</c> is the first
    /// field of a log line.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Utf8Text UpTo(this Utf8Text text, byte separator) =>
        text.TryUpToInFirstBytes(separator, out Utf8Text part) ? part : UpToAnywhere(text, separator);

    /// <summary>
    /// The number that ends the text: its trailing decimal digits, without a sign. <c>line.TryParseEnd(out long bytes,
    /// out int digits)</c> reads the last field of a log line, whatever precedes it.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="value">The number; 0 if there is none.</param>
    /// <param name="digits">The number of digits, including leading zeros.</param>
    /// <returns>
    /// False if the text does not end with a digit, or the number is greater than <see cref="long.MaxValue"/>.
    /// </returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryParseEnd(this Utf8Text text, out long value, out int digits)
    {
        if (text.TryParseFewLastDigits(out value, out digits))
        {
            return digits > 0;
        }

        (bool isNumber, value, digits) = ParseEndSlowly(text);
        return isNumber;
    }

    /// <summary>
    /// The parts between separators, in order, as in <see cref="string.Split(char, StringSplitOptions)"/>; the whole
    /// text if there is no separator.
    /// </summary>
    /// <example><code>var words = lines.FlatMap(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries));</code></example>
    /// <param name="text">The text.</param>
    /// <param name="separator">An ASCII character, up to U+007F.</param>
    /// <param name="options">
    /// Whether to trim the parts (of ASCII white space), and to omit empty ones; by default neither.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The separator is not an ASCII character, and so has several bytes.
    /// </exception>
    public static Utf8TextSplit Split(this Utf8Text text, char separator, StringSplitOptions options = StringSplitOptions.None) =>
        char.IsAscii(separator)
        ? new(text, (byte)separator, options)
        : throw Throw.OutOfRange(nameof(separator), $"'{separator}'",
            "an ASCII character is expected, which is one byte; for others make a string first: text.ToString().Split(separator)");

    /// <summary>
    /// The parts between separators, in order, including empty ones; the whole text if there is no separator. Enumerate
    /// with <c>foreach</c>.
    /// </summary>
    public static Utf8TextSplit Split(this Utf8Text text, byte separator) => new(text, separator);

    /// <summary>Gets a part between separators by its index, from 0; false if there are fewer parts.</summary>
    public static bool TryField(this Utf8Text text, byte separator, int index, out Utf8Text field)
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

    /// <summary>
    /// Parses the whole text as a decimal integer, with an optional sign; false, and 0, if it is anything else or out
    /// of range.
    /// </summary>
    public static bool TryParse(this Utf8Text text, out long value) =>
        text.TryParseFewDigits(out value)
            || IfWhole(Utf8Parser.TryParse(text.Span, out value, out int used) && used == text.Length, ref value);

    /// <summary>
    /// Parses the whole text as a decimal integer, with an optional sign; false, and 0, if it is anything else or out
    /// of range.
    /// </summary>
    public static bool TryParse(this Utf8Text text, out int value) =>
        IfWhole(Utf8Parser.TryParse(text.Span, out value, out int used) && used == text.Length, ref value);

    /// <summary>Parses the whole text as a number in invariant notation; false, and 0, if it is anything else.</summary>
    public static bool TryParse(this Utf8Text text, out double value) =>
        IfWhole(Utf8Parser.TryParse(text.Span, out value, out int used) && used == text.Length, ref value);

    /// <summary>
    /// Parses the whole text as a decimal number in invariant notation; false, and 0, if it is anything else.
    /// </summary>
    public static bool TryParse(this Utf8Text text, out decimal value) =>
        IfWhole(Utf8Parser.TryParse(text.Span, out value, out int used) && used == text.Length, ref value);

    // If more follows, .NET's parser leaves the number at the start of the text in the result.
    private static bool IfWhole<TNumber>(bool isWhole, ref TNumber value)
        where TNumber : struct
    {
        value = isWhole ? value : default;
        return isWhole;
    }

    // The cold halves of the searches above. Only they take the address of a text, so that a long text stays in
    // registers.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int IndexInShort(Utf8Text text, ReadOnlySpan<byte> value) => text.Span.IndexOf(value);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int IndexInShort(Utf8Text text, byte value) => text.Span.IndexOf(value);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int LastIndexInShort(Utf8Text text, byte value) => text.Span.LastIndexOf(value);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool ShortStartsWith(Utf8Text text, ReadOnlySpan<byte> value) => text.Span.StartsWith(value);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Utf8Text UpToAnywhere(Utf8Text text, byte separator)
    {
        int length = text.Span.IndexOf(separator);
        return length < 0 ? text : text.Slice(0, length);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (bool IsNumber, long Value, int Digits) ParseEndSlowly(Utf8Text text)
    {
        ReadOnlySpan<byte> bytes = text.Span;
        int digits = bytes.Length - (bytes.LastIndexOfAnyExceptInRange((byte)'0', (byte)'9') + 1);
        long value = 0;
        bool isNumber = digits > 0 && Utf8Parser.TryParse(bytes[^digits..], out value, out int used) && used == digits;
        return (isNumber, value, digits);
    }
}
