namespace FastStream.Cli;

/// <summary>
/// Consecutive lines with their line ends, repeated endlessly: due lines are a piece of memory, so sending copies no
/// line.
/// </summary>
internal sealed class SentLines
{
    private readonly byte[] _bytes;
    private readonly int[] _ends;     // end offset of each line

    public SentLines(byte[][] lines)
    {
        _ends = new int[lines.Length];
        _bytes = new byte[lines.Sum(line => line.Length + 1)];
        int at = 0;
        for (int index = 0; index < lines.Length; index++)
        {
            lines[index].CopyTo(_bytes, at);
            at += lines[index].Length;
            _bytes[at++] = (byte)'\n';
            _ends[index] = at;
        }
    }

    /// <summary>
    /// Returns lines, beginning with a number, in one piece: as many as wanted, or up to the end of the repetition.
    /// </summary>
    /// <param name="first">The first line's number.</param>
    /// <param name="wanted">Number of lines wanted: 1 or more.</param>
    /// <param name="count">Number of lines returned.</param>
    public ReadOnlyMemory<byte> From(long first, long wanted, out int count)
    {
        int start = (int)(first % _ends.Length);
        count = (int)Math.Min(wanted, _ends.Length - start);
        int begin = start == 0 ? 0 : _ends[start - 1];
        return _bytes.AsMemory(begin, _ends[start + count - 1] - begin);
    }
}
