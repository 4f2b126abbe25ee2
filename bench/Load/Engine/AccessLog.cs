namespace FastStream.Bench.Load;

/// <summary>One line of an access log as a user of the engine would hold it.</summary>
/// <param name="Ip">The client's address, text in the line's own bytes.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Bytes">Bytes sent; 0 where the log has a dash.</param>
internal readonly record struct AccessLog(Utf8Text Ip, int Status, long Bytes)
{
    /// <summary>Reads the address from the line's start, and bytes and status from its end.</summary>
    public static AccessLog Parse(Utf8Text line)
    {
        // A dash in place of the bytes is no digit, and leaves 0.
        _ = line.TryParseEnd(out long bytes, out int digits);
        _ = line.Slice(0, line.Length - Math.Max(digits, 1) - 1).TryParseEnd(out long status, out _);
        return new AccessLog(line.UpTo((byte)' '), (int)status, bytes);
    }
}
