using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace FastStream;

public static partial class StreamingContextSources
{
    /// <summary>Listens, and takes the lines of every connection: UTF-8, ended by LF, CR LF or a lone CR.</summary>
    /// <remarks>
    /// Lines of one connection keep their order; lines of different ones come as they arrive. A connection's last line
    /// counts without an end too.
    /// </remarks>
    /// <example><code>var lines = context.ListenTextStream(new IPEndPoint(IPAddress.Loopback, 5140));</code></example>
    /// <param name="context">The context.</param>
    /// <param name="endPoint">Address and port; port 0 lets the system choose one: see
    /// <see cref="ListenDStream{T}.LocalEndPoint"/>. Prefer the loopback address unless others must reach it.</param>
    /// <param name="options">Settings; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    public static ListenDStream<Utf8Text> ListenTextStream(this StreamingContext context, IPEndPoint endPoint,
        ListenSourceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        options ??= new ListenSourceOptions();
        return new ListenDStream<Utf8Text>(context, endPoint, ValidUtf8LineDecoder.For(options.InvalidUtf8, context), options);
    }

    /// <summary>
    /// Listens, and takes the records of every connection, of any framing. A connection whose bytes are no records is
    /// closed.
    /// </summary>
    /// <example><code>var trades = context.ListenStream(endPoint, new LengthPrefixedDecoder&lt;Trade&gt;(bytes =>
    /// Trade.Parse(bytes)));</code></example>
    /// <param name="context">The context.</param>
    /// <param name="endPoint">Address and port; port 0 lets the system choose one.</param>
    /// <param name="decoder">How records lie in the bytes.</param>
    /// <param name="options">Settings; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    public static ListenDStream<T> ListenStream<T>(this StreamingContext context, IPEndPoint endPoint,
        IRecordDecoder<T> decoder, ListenSourceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(decoder);
        return new ListenDStream<T>(context, endPoint, decoder, options ?? new ListenSourceOptions());
    }
}

/// <summary>A listening source. Binding happens in the context's start, which throws if it fails.</summary>
/// <remarks>
/// Every connection has a small buffer of its own, and whole records are copied from there into shared blocks: a
/// thousand silent connections hold no block. While no block is free, no connection is read. What fails in accepting is
/// told to listeners and tried again until it works; nothing but a stop ends it.
/// </remarks>
/// <typeparam name="T">The record.</typeparam>
public sealed class ListenDStream<T> : InputDStream<T>
{
    private readonly IPEndPoint _endPoint;
    private readonly IRecordDecoder<T> _decoder;
    private readonly ListenSourceOptions _options;
    private readonly ByteQueue<T> _queue;
    private readonly JournaledBytes<T> _journal;
    private readonly ReceiverEvents _events;
    private readonly RateLimiter? _limiter;                       // for all connections together; null: no limit
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();                          // guards _connections
    private readonly HashSet<Task> _connections = [];
    private ConnectionPlaces? _places;                            // since the start
    private IPEndPoint? _bound;                                   // since the start
    private Task _accepting = Task.CompletedTask;

    internal ListenDStream(StreamingContext context, IPEndPoint endPoint, IRecordDecoder<T> decoder, ListenSourceOptions options)
        : base(context, "Listen")
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        _endPoint = endPoint;
        _decoder = decoder;
        _options = options.Validated();
        _queue = new ByteQueue<T>(decoder, context.Blocks);
        _journal = new JournaledBytes<T>(this, _queue, decoder);
        _events = new ReceiverEvents(this);
        Acceptor = new Acceptor(endPoint, _options.Backlog, context.Options.TimeProvider, _events);
        _limiter = ReceiverRate.LimiterFor(this);
    }

    /// <summary>Where it listens, with the port that the system chose.</summary>
    /// <exception cref="InvalidOperationException">The context was not started.</exception>
    public IPEndPoint LocalEndPoint =>
        _bound ?? throw new InvalidOperationException($"{Name} does not listen before the context was started. Call Start first.");

    /// <summary>Connections that are open now.</summary>
    public int ConnectionCount
    {
        get
        {
            lock (_lock)
            {
                return _connections.Count;
            }
        }
    }

    /// <summary>
    /// Connections closed because there were more than <see cref="ListenSourceOptions.MaxConnectionsPerAddress"/> from
    /// their address.
    /// </summary>
    public long RefusedConnections => _places?.Refused ?? 0;

    /// <summary>Takes the connections in.</summary>
    internal Acceptor Acceptor { get; }

    /// <inheritdoc/>
    protected internal override async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        await Rehearsal.RunAsync(RehearseAsync, cancellationToken).ConfigureAwait(false);
        _places = new ConnectionPlaces(
            MostConnections(), _options.MaxConnectionsPerAddress, Context.Options.TimeProvider,
            message => _events.Error($"{Name} on {_bound}: {message}", null));
        try
        {
            _bound = Acceptor.Listen();
            _journal.Begin();   // who connects meanwhile waits to be accepted
        }
        catch
        {
            // An input that did not start is not closed.
            _places.Dispose();
            throw;
        }

        _accepting = Task.Run(() => AcceptAsync(cancellationToken), CancellationToken.None);
    }

    internal override bool IsBackpressured => Context.Blocks.IsFull;

    /// <inheritdoc/>
    protected internal override InputBatch<T> Cut(BatchTime time) => _queue.Cut(PartitionCount);

    /// <inheritdoc/>
    protected internal override void SaveBatch(InputBatch<T> batch, IBufferWriter<byte> output) =>
        _journal.SaveBatch((ByteBatch<T>)batch, output);

    /// <inheritdoc/>
    protected internal override InputBatch<T> LoadBatch(BatchTime time, ReadOnlyMemory<byte> saved) => _journal.LoadBatch(time, saved.Span);

    /// <inheritdoc/>
    protected internal override void SavePosition(BatchTime time, IBufferWriter<byte> output) => _journal.SavePosition(time, output);

    /// <inheritdoc/>
    protected internal override void LoadPosition(ReadOnlySpan<byte> saved) => _journal.LoadPosition(saved);

    internal override bool HasJournal => _journal.IsThere;

    internal override void UseJournal(string directory) => _journal.Use(directory);

    internal override void RetireJournal(BatchTime oldestKept) => _journal.Retire(oldestKept);

    /// <inheritdoc/>
    protected internal override async ValueTask StopAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _accepting.ConfigureAwait(false);
        Task[] connections;
        lock (_lock)
        {
            connections = [.. _connections];
        }

        await Task.WhenAll(connections).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected internal override ValueTask CloseAsync()
    {
        _queue.Close();
        _stop.Dispose();
        _places?.Dispose();
        return _journal.CloseAsync();
    }

    // With fewer handles than connections, the one that the program needs next would be missing.
    private int MostConnections()
    {
        int most = _options.MaxConnections;
        if (HandleLimit.Left() is not { } left || left - HandleLimit.Reserve >= most)
        {
            return most;
        }

        int reserve = Math.Min(HandleLimit.Reserve, left / 2);
        int fewer = Math.Clamp(left - reserve, 1, most);
        if (fewer == most)
        {
            return most;
        }

        Context.Post(listener => listener.OnWarning(
            $"{Name} takes {fewer} connections at a time, not the {most} of MaxConnections: the process may open {left} more "
            + $"files and sockets, and {reserve} are left to the rest of the program. "
            + "Raise the limit of open files (ulimit -n), or lower MaxConnections.",
            null));
        return fewer;
    }

    // As a connection is received from that ends at once.
    private async Task RehearseAsync(Stream stream)
    {
        using var watch = new IdleWatch(Context.Options.TimeProvider, _options.IdleTimeout, _options.RecordTimeout, CancellationToken.None);
        await NewReader().ReceiveAsync(stream, null, watch, CancellationToken.None).ConfigureAwait(false);
    }

    private RecordReader<T> NewReader() =>
        new(_queue, _decoder, new OversizedRecords(Context, Name, _options.OversizedRecords), _limiter, blocks: null);

    private async Task AcceptAsync(CancellationToken abort)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, abort);
        ConnectionPlaces places = _places!;
        _events.Started();
        try
        {
            await Acceptor.RunAsync(places.TakeAsync, places.Give, socket => Add(socket, abort), stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stopped while waiting.
        }
        catch (Exception error)
        {
            _events.Unexpected(error);
        }
        finally
        {
            Acceptor.Dispose();
            _events.Stopped();
        }
    }

    private void Add(Socket socket, CancellationToken abort)
    {
        ConnectionPlaces places = _places!;
        IPAddress address = ((IPEndPoint)socket.RemoteEndPoint!).Address;
        if (!places.Enter(address))
        {
            socket.Dispose();
            places.Give();
            return;
        }

        // Known before it can end, so that its end finds it.
        lock (_lock)
        {
            Task? connection = null;
            connection = Task.Run(
                async () =>
                {
                    try
                    {
                        await ReceiveAsync(socket, abort).ConfigureAwait(false);
                    }
                    finally
                    {
                        places.Leave(address);
                        places.Give();
                        lock (_lock)
                        {
                            _connections.Remove(connection!);
                        }
                    }
                },
                CancellationToken.None);
            _connections.Add(connection);
        }
    }

    private async Task ReceiveAsync(Socket socket, CancellationToken abort)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, abort);
        EndPoint? peer = null;
        try
        {
            using (socket)
            {
                peer = socket.RemoteEndPoint;
                ConnectionSettings.ApplyKeepAlive(socket, _options.KeepAlive);
                await using var stream = new NetworkStream(socket);
                using var watch = new IdleWatch(Context.Options.TimeProvider, _options.IdleTimeout, _options.RecordTimeout, stop.Token);
                await NewReader().ReceiveAsync(stream, () => watch.HasExpired ? 0 : socket.Available, watch, abort).ConfigureAwait(false);
                if (watch.HasExpired)
                {
                    _events.Error(
                        watch.Reason == WatchEnd.Idle
                            ? $"Nothing came from {peer} for {_options.IdleTimeout}; the connection is closed."
                            : $"A record from {peer} had begun and was not finished after {_options.RecordTimeout} (RecordTimeout); "
                                + "it is left out, and the connection is closed.",
                        null);
                }
            }
        }
        catch (StreamingException error)
        {
            _events.Error(error.Message, error);
            Context.Fail(error);
        }
        catch (Exception error)
        {
            if (!abort.IsCancellationRequested)
            {
                _events.Error($"Receiving from {peer} failed, its connection is closed: {error.Message}", error);
            }
        }
    }
}
