namespace FastStream;

/// <summary>Which connections a listening source accepts, and what it takes from them.</summary>
public sealed record ListenSourceOptions
{
    /// <summary>The most connections at a time: 1 to 1,000,000; default 1,024. Further ones wait in the system's backlog until one ends. Beside the blocks of <see cref="StreamingOptions.MaxBufferedBytes"/> each may hold one unfinished record of up to <see cref="StreamingOptions.MaxRecordBytes"/>.</summary>
    public int MaxConnections { get; init; } = 1024;

    /// <summary>Connections that the system holds until they are accepted: 1 to 65,535; default 512.</summary>
    public int Backlog { get; init; } = 512;

    /// <summary>A connection on which nothing comes for so long is closed: more than 0, up to 24 days; default: no limit.</summary>
    public TimeSpan IdleTimeout { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Within how long TCP's own probes notice that a peer's machine is gone: 6 s to 2 hours, or infinite for no probes; default 30 s.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What happens with records of more than <see cref="StreamingOptions.MaxRecordBytes"/>; default <see cref="OversizedRecordPolicy.DropRecord"/>, so that no single peer can end the program.</summary>
    public OversizedRecordPolicy OversizedRecords { get; init; } = OversizedRecordPolicy.DropRecord;

    /// <summary>What text streams do with lines that are not UTF-8; default <see cref="InvalidUtf8Policy.Keep"/>. Other streams do not look at it.</summary>
    public InvalidUtf8Policy InvalidUtf8 { get; init; }

    internal ListenSourceOptions Validated()
    {
        StreamingOptions.Check(MaxConnections is >= 1 and <= 1_000_000, nameof(MaxConnections), MaxConnections, "1 to 1,000,000 are expected");
        StreamingOptions.Check(Backlog is >= 1 and <= 65_535, nameof(Backlog), Backlog, "1 to 65,535 are expected");
        ConnectionSettings.Check(IdleTimeout, KeepAlive, OversizedRecords, InvalidUtf8);
        return this;
    }
}
