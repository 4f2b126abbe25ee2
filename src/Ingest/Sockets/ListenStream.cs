using System.Net;
using FastStream.Runtime;

namespace FastStream;

public static partial class StreamingContextSources
{
    /// <summary>Listens for connections and reads their lines: UTF-8, ended by LF, CR LF or a lone CR.</summary>
    /// <remarks>
    /// Lines of one connection keep their order; lines of different connections come as they arrive. A connection's
    /// last line counts even without a line end.
    /// </remarks>
    /// <example><code>var lines = context.ListenTextStream(new IPEndPoint(IPAddress.Loopback, 5140));</code></example>
    /// <param name="context">The context.</param>
    /// <param name="endPoint">Address and port; port 0 lets the system choose a port: see
    /// <see cref="ListenDStream{T}.LocalEndPoint"/>. Prefer the loopback address unless other machines must reach
    /// it.</param>
    /// <param name="options">Settings; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    public static ListenDStream<Utf8Text> ListenTextStream(this StreamingContext context, IPEndPoint endPoint,
        ListenSourceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        options ??= new ListenSourceOptions();
        return new ListenDStream<Utf8Text>(
            context,
            new ListenSource<Utf8Text>(
                endPoint, ValidUtf8LineDecoder.For(options.InvalidUtf8, context), options, context.Options.TimeProvider));
    }

    /// <summary>
    /// Listens for connections and reads their records, in any framing. A connection whose bytes are not records is
    /// closed.
    /// </summary>
    /// <example><code>var trades = context.ListenStream(endPoint, new LengthPrefixedDecoder&lt;Trade&gt;(bytes =>
    /// Trade.Parse(bytes)));</code></example>
    /// <param name="context">The context.</param>
    /// <param name="endPoint">Address and port; port 0 lets the system choose one.</param>
    /// <param name="decoder">Finds records in the bytes, and makes them.</param>
    /// <param name="options">Settings; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    public static ListenDStream<T> ListenStream<T>(this StreamingContext context, IPEndPoint endPoint,
        IRecordDecoder<T> decoder, ListenSourceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(decoder);
        return new ListenDStream<T>(
            context, new ListenSource<T>(endPoint, decoder, options ?? new ListenSourceOptions(), context.Options.TimeProvider));
    }
}

/// <summary>
/// The stream of a listening source. The context's start binds the end point, and throws if that fails.
/// </summary>
/// <remarks>
/// Every connection has a small buffer of its own, and the source copies complete records from it into shared blocks: a
/// thousand silent connections hold no block. While no block is free, no connection is read. A failure to accept is
/// reported to listeners and retried until it works; only a stop ends the source.
/// </remarks>
/// <typeparam name="T">The record.</typeparam>
public sealed class ListenDStream<T> : SourceStream<T>
{
    private readonly ListenSource<T> _source;

    internal ListenDStream(StreamingContext context, ListenSource<T> source)
        : base(context, source, "Listen")
    {
        _source = source;
    }

    /// <summary>The address it listens on, with the port that the system chose.</summary>
    /// <exception cref="InvalidOperationException">The context was not started.</exception>
    public IPEndPoint LocalEndPoint => _source.Bound
        ?? throw new InvalidOperationException($"{Name} does not listen before the context was started. Call Start first.");

    /// <summary>Connections that are open now.</summary>
    public int ConnectionCount => _source.ConnectionCount;

    /// <summary>
    /// Connections closed because there were more than <see cref="ListenSourceOptions.MaxConnectionsPerAddress"/> from
    /// their address.
    /// </summary>
    public long RefusedConnections => _source.RefusedConnections;

    /// <summary>Accepts the connections.</summary>
    internal Acceptor Acceptor => _source.Acceptor;
}
