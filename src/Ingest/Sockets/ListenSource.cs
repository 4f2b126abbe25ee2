using System.Net;
using System.Net.Sockets;

namespace FastStream;

/// <summary>Listens for connections, and receives from each of them.</summary>
internal sealed class ListenSource<T> : ByteSource<T>
{
    private readonly ListenSourceOptions _options;
    private readonly Lock _lock = new();                          // guards _connections
    private readonly HashSet<Task> _connections = [];
    private ConnectionPlaces? _places;                            // since the start
    private Task _accepting = Task.CompletedTask;

    public ListenSource(IPEndPoint endPoint, IRecordDecoder<T> decoder, ListenSourceOptions options, TimeProvider clock)
        : base(decoder, options.OversizedRecords)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        _options = options.Validated();
        Acceptor = new Acceptor(endPoint, _options.Backlog, clock, (message, error) => Context.ReportError(message, error));
    }

    /// <summary>The address it listens on; null before the start.</summary>
    public IPEndPoint? Bound { get; private set; }

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

    /// <summary>Connections closed because there were too many from their address.</summary>
    public long RefusedConnections => _places?.Refused ?? 0;

    /// <summary>Accepts the connections.</summary>
    internal Acceptor Acceptor { get; }

    protected override async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        Prepare();
        await Rehearsal.RunAsync(RehearseAsync, cancellationToken).ConfigureAwait(false);
        _places = new ConnectionPlaces(
            MostConnections(), _options.MaxConnectionsPerAddress, Context.Options.TimeProvider,
            message => Context.ReportError($"{Context.Name} on {Bound}: {message}", null));
        try
        {
            Bound = Acceptor.Listen();
            BeginJournal();   // peers that connect meanwhile wait to be accepted
        }
        catch
        {
            // Disposed of here, because an input that did not start is not closed.
            _places.Dispose();
            throw;
        }

        _accepting = Task.Run(() => AcceptAsync(cancellationToken), CancellationToken.None);
    }

    protected override async ValueTask StopAsync()
    {
        await CancelAsync().ConfigureAwait(false);
        await _accepting.ConfigureAwait(false);
        Task[] connections;
        lock (_lock)
        {
            connections = [.. _connections];
        }

        await Task.WhenAll(connections).ConfigureAwait(false);
    }

    protected override ValueTask CloseAsync()
    {
        _places?.Dispose();
        return base.CloseAsync();
    }

    // With fewer handles than connections, the program's next file would find no handle.
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

        Context.Warn(
            $"{Context.Name} takes {fewer} connections at a time, not the {most} of MaxConnections: the process may open {left} more "
            + $"files and sockets, and {reserve} are left to the rest of the program. "
            + "Raise the limit of open files (ulimit -n), or lower MaxConnections.");
        return fewer;
    }

    // Receives as from a connection that ends at once.
    private async Task RehearseAsync(Stream stream)
    {
        using var watch = new IdleWatch(Context.Options.TimeProvider, _options.IdleTimeout, _options.RecordTimeout, CancellationToken.None);
        await NewReader(inPlace: false).ReceiveAsync(stream, null, watch, CancellationToken.None).ConfigureAwait(false);
    }

    private async Task AcceptAsync(CancellationToken abort)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stopped, abort);
        ConnectionPlaces places = _places!;
        Context.ReportStarted();
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
            Context.FailUnexpectedly(error);
        }
        finally
        {
            Acceptor.Dispose();
            Context.ReportStopped();
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

        // Registered before it can end, so that its end finds it.
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
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stopped, abort);
        EndPoint? peer = null;
        try
        {
            using (socket)
            {
                peer = socket.RemoteEndPoint;
                ConnectionSettings.ApplyKeepAlive(socket, _options.KeepAlive);
                await using var stream = new NetworkStream(socket);
                using var watch = new IdleWatch(Context.Options.TimeProvider, _options.IdleTimeout, _options.RecordTimeout, stop.Token);
                await NewReader(inPlace: false)
                    .ReceiveAsync(stream, () => watch.HasExpired ? 0 : socket.Available, watch, abort).ConfigureAwait(false);
                if (watch.HasExpired)
                {
                    Context.ReportError(
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
            Context.Fail(error);
        }
        catch (Exception error)
        {
            if (!abort.IsCancellationRequested)
            {
                Context.ReportError($"Receiving from {peer} failed, its connection is closed: {error.Message}", error);
            }
        }
    }
}
