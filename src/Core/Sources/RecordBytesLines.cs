namespace FastStream.Runtime;

/// <summary>Lines in received bytes.</summary>
public static class RecordBytesLines
{
    /// <summary>
    /// Adds every line of the bytes as a text, without its end and without copying what is longer than <see
    /// cref="Utf8Text.InlineBytes"/>: lines end with LF, CR LF or a lone CR, and what follows
    /// the last end is a line too unless it is empty. 64 bytes are looked at in one step.
    /// </summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="output">Takes the lines, in order.</param>
    /// <returns>How many there were.</returns>
    public static long SplitLines(this in RecordBytes bytes, RecordBuffer<Utf8Text> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        return LineSplitter.Split(in bytes, output);
    }
}
