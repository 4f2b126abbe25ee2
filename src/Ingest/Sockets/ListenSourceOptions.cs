namespace FastStream;

/// <summary>Which connections a listening source accepts, and what it takes from them.</summary>
public sealed record ListenSourceOptions
{
    /// <summary>
    /// The most connections at a time: 1 to 1,000,000; default 1,024. Further ones wait in the system's backlog until
    /// one ends, and listeners are warned. The source accepts fewer where the process may not open that many files and
    /// sockets: it leaves 64 to the rest of the program. Each connection takes up to 8 KiB, in addition to
    /// <see cref="StreamingOptions.MaxBufferedBytes"/>.
    /// </summary>
    public int MaxConnections { get; set; } = 1024;

    /// <summary>
    /// The most connections at a time from one address (for IPv6: from one /64 network): 1 to 1,000,000; default: no
    /// separate limit, because proxies and address translation bring many peers from one address. Further ones are
    /// closed, and listeners are warned. Where peers are not trusted, set it well below <see cref="MaxConnections"/>:
    /// otherwise one of them can take every place.
    /// </summary>
    public int MaxConnectionsPerAddress { get; set; } = 1_000_000;

    /// <summary>Connections that the system holds until they are accepted: 1 to 65,535; default 512.</summary>
    public int Backlog { get; set; } = 512;

    /// <summary>
    /// A connection that receives nothing for this long is closed: more than 0, up to 24 days; default: no limit.
    /// </summary>
    public TimeSpan IdleTimeout { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>
    /// How long the receiver may wait in total for one record, from its first bytes to its end: more than 0, up to 24
    /// days, or infinite; default 1 minute. After that the connection is closed, the record is counted in
    /// <see cref="StreamingMetrics.DroppedRecords"/>, and listeners are warned. A connection may be silent between
    /// records. Time in which the receiver does not read, because of a rate limit or lack of memory, does not count.
    /// Raise it for peers that send part of a record and the rest much later, as programs do that write to a pipe in
    /// blocks.
    /// </summary>
    public TimeSpan RecordTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long it takes TCP's keep-alive probes to notice that a peer's machine is gone: 6 s to 2 hours, or infinite
    /// for no probes; default 30 s.
    /// </summary>
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// What happens to records of more than <see cref="StreamingOptions.MaxRecordBytes"/>; default
    /// <see cref="OversizedRecordPolicy.DropRecord"/>, so that no single peer can end the program.
    /// </summary>
    public OversizedRecordPolicy OversizedRecords { get; set; } = OversizedRecordPolicy.DropRecord;

    /// <summary>
    /// What text streams do with lines that are not UTF-8; default <see cref="InvalidUtf8Policy.Keep"/>. Other streams
    /// ignore it.
    /// </summary>
    public InvalidUtf8Policy InvalidUtf8 { get; set; }

    /// <summary>Checks all settings, as the source does.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range; the message says which, what was
    /// found and what is expected.</exception>
    public void Validate()
    {
        OptionCheck.Check(MaxConnections is >= 1 and <= 1_000_000, nameof(MaxConnections), MaxConnections, "1 to 1,000,000 are expected");
        OptionCheck.Check(
            MaxConnectionsPerAddress is >= 1 and <= 1_000_000, nameof(MaxConnectionsPerAddress), MaxConnectionsPerAddress,
            "1 to 1,000,000 are expected");
        OptionCheck.CheckTimeout(RecordTimeout, nameof(RecordTimeout));
        OptionCheck.Check(Backlog is >= 1 and <= 65_535, nameof(Backlog), Backlog, "1 to 65,535 are expected");
        ConnectionSettings.Check(IdleTimeout, KeepAlive, OversizedRecords, InvalidUtf8);
    }

    /// <summary>Returns a checked copy, which later changes to this object do not affect.</summary>
    internal ListenSourceOptions Validated()
    {
        ListenSourceOptions copy = this with { };
        copy.Validate();
        return copy;
    }
}
