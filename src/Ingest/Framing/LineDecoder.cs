namespace FastStream;

/// <summary>
/// Decodes lines of text, ended by LF, CR LF or a lone CR, as in Spark's <c>socketTextStream</c> and
/// <c>textFileStream</c>. The line end is not part of the record; empty lines are records.
/// </summary>
public sealed class LineDecoder : IRecordDecoder<Utf8Text>, ITextDecoder
{
    private LineDecoder()
    {
    }

    /// <summary>The decoder; stateless.</summary>
    public static LineDecoder Instance { get; } = new();

    /// <inheritdoc/>
    public bool AcceptsUnfinishedEnd => true;

    /// <inheritdoc/>
    public int FindFirst(ReadOnlySpan<byte> data) => FindFirst(data, 0);

    /// <inheritdoc/>
    public int FindFirst(ReadOnlySpan<byte> data, int examined)
    {
        int end = data[examined..].IndexOfAny((byte)'\n', (byte)'\r');
        return end < 0 ? 0 : AfterEnd(data, examined + end);
    }

    /// <inheritdoc/>
    public int FindLast(ReadOnlySpan<byte> data) => data.LastIndexOfAny((byte)'\n', (byte)'\r') + 1;

    /// <inheritdoc/>
    public int FindRestOfEnd(byte lastByte, ReadOnlySpan<byte> data) => lastByte == '\r' && !data.IsEmpty && data[0] == '\n' ? 1 : 0;

    /// <inheritdoc/>
    public long Decode(in RecordBytes bytes, RecordBuffer<Utf8Text> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        return bytes.SplitLines(output);
    }

    private static int AfterEnd(ReadOnlySpan<byte> data, int end) =>
        data[end] == '\r' && end + 1 < data.Length && data[end + 1] == '\n' ? end + 2 : end + 1;
}
