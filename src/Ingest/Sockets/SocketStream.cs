using System.Net.Security;
using System.Net.Sockets;

namespace FastStream;

public static partial class StreamingContextSources
{
    /// <summary>
    /// Connects to a server and reads its lines: UTF-8, ended by LF, CR LF or a lone CR. Connects again when the
    /// connection is refused, cut off or ended.
    /// </summary>
    /// <remarks>
    /// A batch has the lines that arrived up to its tick. Lines are not copied: they point into the received blocks.
    /// While the stream holds <see cref="StreamingOptions.MaxBufferedBytes"/>, it reads nothing, and TCP slows the
    /// server down. When the server closes the connection, a last line without a line end counts; when the context
    /// stops first, that line is dropped, because the rest of it may still be on its way. Where the context has
    /// checkpoints, a batch comes again after a crash. Bytes that were received and are in no batch yet are lost with
    /// the process, because TCP does not tell the server, unless the context has a
    /// <see cref="CheckpointOptions.ReceiverJournal"/>: then only bytes that were not received yet are lost.
    /// </remarks>
    /// <example><code>context.SocketTextStream("127.0.0.1", 9999).Print();</code></example>
    /// <param name="context">The context.</param>
    /// <param name="host">Name or address of the server.</param>
    /// <param name="port">Port, 1 to 65535.</param>
    /// <param name="options">Settings; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">The port or a setting is out of its range.</exception>
    public static DStream<Utf8Text> SocketTextStream(this StreamingContext context, string host, int port,
        SocketSourceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        options ??= new SocketSourceOptions();
        return context.FromSource(
            new SocketSource<Utf8Text>(host, port, ValidUtf8LineDecoder.For(options.InvalidUtf8, context), options), "Socket");
    }

    /// <summary>
    /// Connects to a server and reads its records, in any framing. Connects again when the connection is refused, cut
    /// off or ended, or when the bytes are not records.
    /// </summary>
    /// <example><code>context.SocketStream("127.0.0.1", 9999, new LengthPrefixedDecoder&lt;Trade&gt;(bytes =>
    /// Trade.Parse(bytes)));</code></example>
    /// <param name="context">The context.</param>
    /// <param name="host">Name or address of the server.</param>
    /// <param name="port">Port, 1 to 65535.</param>
    /// <param name="decoder">Finds records in the bytes, and makes them.</param>
    /// <param name="options">Settings; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">The port or a setting is out of its range.</exception>
    public static DStream<T> SocketStream<T>(this StreamingContext context, string host, int port,
        IRecordDecoder<T> decoder, SocketSourceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(decoder);
        return context.FromSource(new SocketSource<T>(host, port, decoder, options ?? new SocketSourceOptions()), "Socket");
    }
}

internal sealed class SocketSource<T> : ByteSource<T>
{
    private readonly string _host;
    private readonly int _port;
    private readonly SocketSourceOptions _options;
    private Task _receiving = Task.CompletedTask;

    public SocketSource(string host, int port, IRecordDecoder<T> decoder, SocketSourceOptions options)
        : base(decoder, options.OversizedRecords)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(host);
        OptionCheck.Check(port is >= 1 and <= 65535, nameof(port), port, "1 to 65535 are expected");
        _host = host;
        _port = port;
        _options = options.Validated();
    }

    protected override ValueTask StartAsync(CancellationToken cancellationToken)
    {
        Prepare();
        BeginJournal();
        _receiving = Task.Run(() => RunAsync(cancellationToken), CancellationToken.None);
        return ValueTask.CompletedTask;
    }

    // Ask first whether it has ended: everything it published is visible then.
    protected override bool HasEnded => _receiving.IsCompleted && IsEmpty;

    protected override async ValueTask StopAsync()
    {
        await CancelAsync().ConfigureAwait(false);
        await _receiving.ConfigureAwait(false);
    }

    private async Task RunAsync(CancellationToken abort)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stopped, abort);
        var retry = new RetryDelay(_options.FirstRetryDelay, _options.LongestRetryDelay);
        Context.ReportStarted();
        try
        {
            while (await ReceiveOnceAsync(retry, stop.Token, abort).ConfigureAwait(false))
            {
                await Task.Delay(retry.Next(), Context.Options.TimeProvider, stop.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stopped while waiting.
        }
        catch (StreamingException error)
        {
            Context.Fail(error);
        }
        catch (Exception error)
        {
            Context.FailUnexpectedly(error);
        }
        finally
        {
            Context.ReportStopped();
        }
    }

    /// <summary>Runs one connection from its beginning to its end; returns whether to connect again.</summary>
    private async Task<bool> ReceiveOnceAsync(RetryDelay retry, CancellationToken stop, CancellationToken abort)
    {
        RecordReader<T> reader = NewReader(inPlace: true);
        string action = "Connecting to";
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = _options.NoDelay };
            await using Stream stream = await ConnectAsync(socket, stop).ConfigureAwait(false);
            action = "Receiving from";
            using var watch = new IdleWatch(Context.Options.TimeProvider, _options.IdleTimeout, stop);
            Func<int>? available = _options.Tls is null ? () => watch.HasExpired ? 0 : socket.Available : null;
            await reader.ReceiveAsync(stream, available, watch, abort).ConfigureAwait(false);
            if (stop.IsCancellationRequested || (!_options.Reconnect && !watch.HasExpired))
            {
                return false;
            }

            Context.ReportError(
                watch.HasExpired
                    ? $"Nothing came from {_host}:{_port} for {_options.IdleTimeout}; connecting again."
                    : $"{_host}:{_port} ended the stream; connecting again.",
                null);
        }
        catch (Exception error)
            when (error is not StreamingException && !(error is OperationCanceledException && stop.IsCancellationRequested))
        {
            // This holds in the middle of a stop too: the way a peer ends the connection must not fail the stop.
            Context.ReportError(
                $"{action} {_host}:{_port} failed{(stop.IsCancellationRequested ? "" : ", connecting again")}: {error.Message}", error);
        }

        if (reader.HasReceived)
        {
            retry.Reset();
        }

        return true;
    }

    private async Task<Stream> ConnectAsync(Socket socket, CancellationToken stop)
    {
        using var timeout = new CancellationTokenSource(_options.ConnectTimeout, Context.Options.TimeProvider);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stop);
        try
        {
            await socket.ConnectAsync(_host, _port, both.Token).ConfigureAwait(false);
            ConnectionSettings.ApplyKeepAlive(socket, _options.KeepAlive);
            var stream = new NetworkStream(socket);
            if (_options.Tls is null)
            {
                return stream;
            }

            var secure = new SslStream(stream);
            await secure.AuthenticateAsClientAsync(_options.Tls, both.Token).ConfigureAwait(false);
            return secure;
        }
        catch (OperationCanceledException error) when (timeout.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            throw new TimeoutException($"There was no connection after {_options.ConnectTimeout}.", error);
        }
    }
}
