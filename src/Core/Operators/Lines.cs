namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// The stream of the lines of every text. LF, CR LF or a lone CR ends a line, and is not part of it. Lines share
    /// the text's memory.
    /// </summary>
    /// <example><code>var lines = messages.Lines().Filter(line => !line.IsEmpty);</code></example>
    /// <param name="stream">The texts.</param>
    public static DStream<Utf8Text> Lines(this DStream<Utf8Text> stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return new FlatMapStream<Utf8Text, Utf8Text>(stream, "Lines", static (text, output) =>
        {
            int start = 0;
            while (start < text.Length)
            {
                ReadOnlySpan<byte> rest = text.Span[start..];
                int length = rest.IndexOfAny((byte)'\n', (byte)'\r');
                output.Add(text.Slice(start, length < 0 ? rest.Length : length));
                start += length < 0 ? rest.Length : rest[length..].StartsWith("\r\n"u8) ? length + 2 : length + 1;
            }
        });
    }

    /// <summary>The stream of the lines of every string. LF, CR LF or a lone CR ends a line, and is not part of it.</summary>
    /// <param name="stream">The strings.</param>
    public static DStream<string> Lines(this DStream<string> stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return new FlatMapStream<string, string>(stream, "Lines", static (text, output) =>
        {
            using var reader = new StringReader(text);
            while (reader.ReadLine() is { } line)
            {
                output.Add(line);
            }
        });
    }
}
