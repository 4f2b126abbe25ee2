namespace FastStream.Runtime;

/// <summary>Splits received bytes into lines.</summary>
public static class RecordBytesLines
{
    /// <summary>
    /// Adds every line of the bytes as a text, without its line end, and without copying lines longer than
    /// <see cref="Utf8Text.InlineBytes"/>: lines end with LF, CR LF or a lone CR, and what follows the last end is a
    /// line too unless it is empty. Examines 64 bytes at a time.
    /// </summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="output">Takes the lines, in order.</param>
    /// <returns>The number of lines.</returns>
    public static long SplitLines(this in RecordBytes bytes, RecordBuffer<Utf8Text> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        return LineSplitter.Split(in bytes, output);
    }
}
