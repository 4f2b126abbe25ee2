namespace FastStream.Bench.Load;

/// <summary>One line of an access log as a user of the engine would hold it.</summary>
/// <param name="Ip">The client's address, text in the line's own bytes.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Bytes">Bytes sent; 0 where the log has a dash.</param>
internal readonly record struct AccessLog(Utf8Text Ip, int Status, long Bytes)
{
    /// <summary>Reads the address from the line's start, and status and bytes backwards from its end.</summary>
    public static AccessLog Parse(Utf8Text line)
    {
        ReadOnlySpan<byte> text = line.Span;
        int at = text.Length - 1;
        long bytes = 0;
        for (long place = 1; text[at] != ' '; at--, place *= 10)
        {
            // A dash stands for 0.
            bytes += text[at] == '-' ? 0 : (text[at] - '0') * place;
        }

        int status = ((text[at - 3] - '0') * 100) + ((text[at - 2] - '0') * 10) + (text[at - 1] - '0');
        int ipEnd = 7;
        while (text[ipEnd] != ' ')
        {
            ipEnd++;
        }

        return new AccessLog(line.Slice(0, ipEnd), status, bytes);
    }
}
