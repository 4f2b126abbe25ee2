using FastStream;

namespace LogMonitor;

/// <summary>One line of an Apache access log, as far as this sample needs it.</summary>
/// <param name="Ip">The client's address, as a text over the line's bytes.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Bytes">Bytes sent; 0 where the log has a dash.</param>
internal readonly record struct AccessLog(Utf8Text Ip, int Status, long Bytes)
{
    /// <summary>
    /// Parses a line such as <c>127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.0" 200 2326</c>; returns
    /// false for any other line.
    /// </summary>
    public static bool TryParse(Utf8Text line, out AccessLog log)
    {
        log = default;
        int ipEnd = line.IndexOf((byte)' ');
        int requestEnd = line.LastIndexOf((byte)'"');
        if (ipEnd <= 0 || requestEnd < 0 || line.Length < requestEnd + 6)
        {
            return false;
        }

        Utf8Text numbers = line.Slice(requestEnd + 2);
        int blank = numbers.IndexOf((byte)' ');
        if (blank < 0 || !numbers.Slice(0, blank).TryParse(out int status))
        {
            return false;
        }

        Utf8Text size = numbers.Slice(blank + 1);
        long bytes = 0;
        if (!size.Equals("-"u8) && !size.TryParse(out bytes))
        {
            return false;
        }

        log = new AccessLog(line.Slice(0, ipEnd), status, bytes);
        return true;
    }
}
