namespace FastStream.Bench.Load;

/// <summary>
/// What the workload needs of one line of an access log, as a user of the engine would hold it. The limit and the peers
/// read the same two fields.
/// </summary>
/// <param name="Ip">The client's address, text in the line's own bytes.</param>
/// <param name="Bytes">Bytes sent; 0 where the log has a dash.</param>
internal readonly record struct AccessLog(Utf8Text Ip, long Bytes)
{
    /// <summary>Reads the address from the line's start, and the bytes from its end.</summary>
    public static AccessLog Parse(Utf8Text line)
    {
        // A dash in place of the bytes is no digit, and leaves 0.
        _ = line.TryParseEnd(out long bytes, out _);
        return new AccessLog(line.UpTo((byte)' '), bytes);
    }
}
