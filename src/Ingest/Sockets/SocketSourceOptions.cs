using System.Net.Security;

namespace FastStream;

/// <summary>How a socket source connects, what it takes, and when it connects again.</summary>
/// <example><code>context.SocketTextStream("logs.example", 6514, new SocketSourceOptions { Tls = new() { TargetHost =
/// "logs.example" } });</code></example>
public sealed record SocketSourceOptions
{
    /// <summary>
    /// Whether to connect again when the peer ends the stream; default true, as in Spark. When false, the stream goes
    /// on with empty batches after the first connection's end; refused connections and errors are tried again all the
    /// same.
    /// </summary>
    public bool Reconnect { get; set; } = true;

    /// <summary>
    /// Wait before the first new try: more than 0; default 100 ms. It doubles with every failure in a row, less up to
    /// half by chance.
    /// </summary>
    public TimeSpan FirstRetryDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest wait between tries: at least <see cref="FirstRetryDelay"/>, at most 24 days; default 10 s.</summary>
    public TimeSpan LongestRetryDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long connecting (with the TLS handshake) may take: more than 0, up to 24 days, or infinite; default 10 s.
    /// Then it counts as failed.
    /// </summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// A connection on which nothing comes for so long counts as dead: more than 0, up to 24 days; default: no limit.
    /// For peers that send at least heartbeats; the surest way to notice a half-open connection.
    /// </summary>
    public TimeSpan IdleTimeout { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>
    /// Within how long TCP's own probes notice that the peer's machine is gone: 6 s to 2 hours, or infinite for no
    /// probes; default 30 s.
    /// </summary>
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Whether small writes leave at once (TCP_NODELAY); matters for handshakes only, as a source writes nothing;
    /// default true.
    /// </summary>
    public bool NoDelay { get; set; } = true;

    /// <summary>
    /// Settings of TLS; null (default) for plain TCP. The certificate is checked as the platform does unless the
    /// settings say otherwise.
    /// </summary>
    public SslClientAuthenticationOptions? Tls { get; set; }

    /// <summary>
    /// What happens with records of more than <see cref="StreamingOptions.MaxRecordBytes"/>; default
    /// <see cref="OversizedRecordPolicy.FailStream"/>.
    /// </summary>
    public OversizedRecordPolicy OversizedRecords { get; set; }

    /// <summary>
    /// What text streams do with lines that are not UTF-8; default <see cref="InvalidUtf8Policy.Keep"/>. Other streams
    /// do not look at it.
    /// </summary>
    public InvalidUtf8Policy InvalidUtf8 { get; set; }

    /// <summary>Checks all settings, as the source does.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range; the message says which, what was
    /// found and what is expected.</exception>
    public void Validate()
    {
        OptionCheck.Check(FirstRetryDelay > TimeSpan.Zero, nameof(FirstRetryDelay), FirstRetryDelay, "more than 0 is expected");
        OptionCheck.Check(LongestRetryDelay >= FirstRetryDelay
            && LongestRetryDelay <= OptionCheck.LongestWait, nameof(LongestRetryDelay), LongestRetryDelay,
            $"at least FirstRetryDelay ({FirstRetryDelay}) and at most 24 days are expected");
        OptionCheck.CheckTimeout(ConnectTimeout, nameof(ConnectTimeout));
        ConnectionSettings.Check(IdleTimeout, KeepAlive, OversizedRecords, InvalidUtf8);
    }

    /// <summary>A copy that later changes do not reach.</summary>
    internal SocketSourceOptions Validated()
    {
        SocketSourceOptions copy = this with { };
        copy.Validate();
        return copy;
    }
}
