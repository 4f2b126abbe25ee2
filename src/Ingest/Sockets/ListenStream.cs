using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace FastStream;

/// <summary>Streams of records that many clients send over TCP to this process.</summary>
public static class ListenStreamExtensions
{
    /// <summary>Listens, and takes the lines of every connection: UTF-8, ended by LF, CR LF or a lone CR.</summary>
    /// <remarks>Lines of one connection keep their order; lines of different ones come as they arrive. A connection's last line counts without an end too.</remarks>
    /// <example><code>var lines = context.ListenTextStream(new IPEndPoint(IPAddress.Loopback, 5140));</code></example>
    /// <param name="context">The context.</param>
    /// <param name="endPoint">Address and port; port 0 lets the system choose one: see <see cref="ListenDStream{T}.LocalEndPoint"/>. Prefer the loopback address unless others must reach it.</param>
    /// <param name="options">Settings; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    public static ListenDStream<Utf8Text> ListenTextStream(this StreamingContext context, IPEndPoint endPoint, ListenSourceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        options ??= new ListenSourceOptions();
        return new ListenDStream<Utf8Text>(context, endPoint, ValidUtf8LineDecoder.For(options.InvalidUtf8, context), options);
    }

    /// <summary>Listens, and takes the records of every connection, of any framing. A connection whose bytes are no records is closed.</summary>
    /// <example><code>var trades = context.ListenStream(endPoint, new LengthPrefixedDecoder&lt;Trade&gt;(bytes => Trade.Parse(bytes)));</code></example>
    /// <param name="context">The context.</param>
    /// <param name="endPoint">Address and port; port 0 lets the system choose one.</param>
    /// <param name="decoder">How records lie in the bytes.</param>
    /// <param name="options">Settings; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    public static ListenDStream<T> ListenStream<T>(this StreamingContext context, IPEndPoint endPoint, IRecordDecoder<T> decoder, ListenSourceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(decoder);
        return new ListenDStream<T>(context, endPoint, decoder, options ?? new ListenSourceOptions());
    }
}

/// <summary>A listening source. Binding happens in the context's start, which throws if it fails.</summary>
/// <remarks>
/// Every connection has a small buffer of its own, and whole records are copied from there into shared blocks: a thousand silent connections hold no block.
/// While no block is free, no connection is read.
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
    private readonly SemaphoreSlim _free;                         // connections that may still be accepted
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();                          // guards _connections
    private readonly HashSet<Task> _connections = [];
    private Socket? _listener;
    private IPEndPoint? _bound;                                   // since the start
    private Task _accepting = Task.CompletedTask;

    internal ListenDStream(StreamingContext context, IPEndPoint endPoint, IRecordDecoder<T> decoder, ListenSourceOptions options)
        : base(context, "Listen")
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        _endPoint = endPoint;
        _decoder = decoder;
        _options = options.Validated();
        _free = new SemaphoreSlim(options.MaxConnections, options.MaxConnections);
        _queue = new ByteQueue<T>(decoder, context.Blocks, context.Options.MaxBufferedBytes, context.Options.PoisonReturnedBlocks);
        _journal = new JournaledBytes<T>(this, _queue, decoder);
        _events = new ReceiverEvents(this);
        _limiter = ReceiverRate.LimiterFor(this);
    }

    /// <summary>Where it listens, with the port that the system chose.</summary>
    /// <exception cref="InvalidOperationException">The context was not started.</exception>
    public IPEndPoint LocalEndPoint => _bound ?? throw new InvalidOperationException($"{Name} does not listen before the context was started. Call Start first.");

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

    /// <inheritdoc/>
    protected internal override ValueTask StartAsync(CancellationToken cancellationToken)
    {
        _listener = new Socket(_endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            _listener.Bind(_endPoint);
            _listener.Listen(_options.Backlog);
            _journal.Begin();   // who connects meanwhile waits to be accepted
        }
        catch
        {
            // An input that did not start is not closed.
            _listener.Dispose();
            throw;
        }

        _bound = (IPEndPoint)_listener.LocalEndPoint!;
        _accepting = Task.Run(() => AcceptAsync(cancellationToken), CancellationToken.None);
        return ValueTask.CompletedTask;
    }

    internal override bool IsHeldUp => Context.Blocks.RentedBlocks >= Context.Blocks.MaxBlocks;

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
        _free.Dispose();
        return _journal.CloseAsync();
    }

    private async Task AcceptAsync(CancellationToken abort)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, abort);
        var retry = new RetryDelay(TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(1));
        _events.Started();
        try
        {
            while (true)
            {
                await _free.WaitAsync(stop.Token).ConfigureAwait(false);
                try
                {
                    Socket socket = await _listener!.AcceptAsync(stop.Token).ConfigureAwait(false);
                    retry.Reset();
                    Add(socket, abort);
                }
                catch (SocketException error)
                {
                    // Such as too many open files: those that are open go on meanwhile.
                    _free.Release();
                    _events.Error($"Accepting on {_endPoint} failed, trying again: {error.Message}", error);
                    await Task.Delay(retry.Next(), Context.Options.TimeProvider, stop.Token).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stopped while waiting.
        }
        finally
        {
            _listener!.Dispose();
            _events.Stopped();
        }
    }

    private void Add(Socket socket, CancellationToken abort)
    {
        // Known before it can end, so that its end finds it.
        lock (_lock)
        {
            Task? connection = null;
            connection = Task.Run(
                async () =>
                {
                    await ReceiveAsync(socket, abort).ConfigureAwait(false);
                    _free.Release();
                    lock (_lock)
                    {
                        _connections.Remove(connection!);
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
                using var watch = new IdleWatch(Context.Options.TimeProvider, _options.IdleTimeout, stop.Token);
                var reader = new RecordReader<T>(_queue, _decoder, new OversizedRecords(Context, Name, _options.OversizedRecords), _limiter, blocks: null);
                await reader.ReceiveAsync(stream, () => watch.HasExpired ? 0 : socket.Available, watch, abort).ConfigureAwait(false);
                if (watch.HasExpired)
                {
                    _events.Error($"Nothing came from {peer} for {_options.IdleTimeout}; the connection is closed.", null);
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
