using System.Net.Security;

namespace FastStream;

/// <summary>How a socket source connects, what it takes, and when it connects again.</summary>
/// <example><code>context.SocketTextStream("logs.example", 6514, new SocketSourceOptions { Tls = new() { TargetHost =
/// "logs.example" } });</code></example>
public sealed record SocketSourceOptions
{
    /// <summary>
    /// Whether to connect again when the peer ends the stream; default true, as in Spark. When false, the stream
    /// continues with empty batches after the first connection ends; refused connections and errors are still retried.
    /// </summary>
    public bool Reconnect { get; set; } = true;

    /// <summary>
    /// Wait before the first retry: more than 0; default 100 ms. It doubles with every consecutive failure, and is
    /// shortened at random by up to half.
    /// </summary>
    public TimeSpan FirstRetryDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// The longest wait between retries: at least <see cref="FirstRetryDelay"/>, at most 24 days; default 10 s.
    /// </summary>
    public TimeSpan LongestRetryDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long connecting (with the TLS handshake) may take before it counts as failed: more than 0, up to 24 days, or
    /// infinite; default 10 s.
    /// </summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// A connection that receives nothing for this long counts as dead: more than 0, up to 24 days; default: no limit.
    /// For peers that send at least heartbeats: the surest way to notice a half-open connection.
    /// </summary>
    public TimeSpan IdleTimeout { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>
    /// How long it takes TCP's keep-alive probes to notice that the peer's machine is gone: 6 s to 2 hours, or infinite
    /// for no probes; default 30 s.
    /// </summary>
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Whether small writes are sent at once (TCP_NODELAY); default true. It matters for handshakes only, because a
    /// source writes nothing.
    /// </summary>
    public bool NoDelay { get; set; } = true;

    /// <summary>
    /// TLS settings; null (default) for plain TCP. The platform checks the certificate in its usual way unless the
    /// settings say otherwise.
    /// </summary>
    public SslClientAuthenticationOptions? Tls { get; set; }

    /// <summary>
    /// What happens to records of more than <see cref="StreamingOptions.MaxRecordBytes"/>; default
    /// <see cref="OversizedRecordPolicy.FailStream"/>.
    /// </summary>
    public OversizedRecordPolicy OversizedRecords { get; set; }

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
        OptionCheck.Check(FirstRetryDelay > TimeSpan.Zero, nameof(FirstRetryDelay), FirstRetryDelay, "more than 0 is expected");
        OptionCheck.Check(LongestRetryDelay >= FirstRetryDelay
            && LongestRetryDelay <= OptionCheck.LongestWait, nameof(LongestRetryDelay), LongestRetryDelay,
            $"at least FirstRetryDelay ({FirstRetryDelay}) and at most 24 days are expected");
        OptionCheck.CheckTimeout(ConnectTimeout, nameof(ConnectTimeout));
        ConnectionSettings.Check(IdleTimeout, KeepAlive, OversizedRecords, InvalidUtf8);
    }

    /// <summary>Returns a checked copy, which later changes to this object do not affect.</summary>
    internal SocketSourceOptions Validated()
    {
        SocketSourceOptions copy = this with { };
        copy.Validate();
        return copy;
    }
}
