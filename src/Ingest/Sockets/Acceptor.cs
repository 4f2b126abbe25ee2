using System.Net;
using System.Net.Sockets;

namespace FastStream;

/// <summary>
/// Listens at an address and passes connections on until it is stopped: failures meanwhile are reported and retried.
/// </summary>
/// <param name="endPoint">Address and port; port 0 lets the system choose.</param>
/// <param name="backlog">Connections that the system holds until they are accepted.</param>
/// <param name="clock">Times the retries.</param>
/// <param name="report">Called with a failure: once for consecutive failures of one kind.</param>
internal sealed class Acceptor(IPEndPoint endPoint, int backlog, TimeProvider clock, Action<string, Exception> report) : IDisposable
{
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(1);

    private IPEndPoint _endPoint = endPoint;   // with the port, once it is known
    private Socket? _listener;
    private string? _lastFailure;   // last reported; null after a success

    /// <summary>Accepts one connection; tests replace it to cause failures.</summary>
    internal Func<Socket, CancellationToken, ValueTask<Socket>> AcceptOne { get; set; } =
        static (listener, stop) => listener.AcceptAsync(stop);

    /// <summary>The wait before the first retry; it doubles up to a second.</summary>
    internal TimeSpan FirstRetry { get; set; } = TimeSpan.FromMilliseconds(10);

    /// <summary>Binds and listens; returns the address, with the port that the system chose.</summary>
    /// <exception cref="SocketException">The address is in use or not this machine's.</exception>
    public IPEndPoint Listen()
    {
        _listener = Open(_endPoint);
        _endPoint = (IPEndPoint)_listener.LocalEndPoint!;
        return _endPoint;
    }

    /// <summary>Accepts connections until it is stopped.</summary>
    /// <param name="takePlace">Waits until one more connection may be open.</param>
    /// <param name="givePlace">Returns a place for which no connection came.</param>
    /// <param name="accepted">Takes ownership of a connection and its place; of neither when it throws.</param>
    /// <param name="stop">Ends accepting.</param>
    /// <exception cref="OperationCanceledException">It was stopped, which is the only way it ends.</exception>
    public async Task RunAsync(
        Func<CancellationToken, ValueTask> takePlace, Action givePlace, Action<Socket> accepted, CancellationToken stop)
    {
        var retry = new RetryDelay(FirstRetry, LongestRetry);
        while (true)
        {
            await takePlace(stop).ConfigureAwait(false);
            try
            {
                await AcceptAsync(accepted, stop).ConfigureAwait(false);
                retry.Reset();
                _lastFailure = null;
                continue;
            }
            catch (Exception error) when (!stop.IsCancellationRequested)
            {
                // For example, too many files are open: open connections continue meanwhile.
                givePlace();
                Tell(error);
                if (!IsOfOthers(error))
                {
                    Reopen();
                }
            }

            await Task.Delay(retry.Next(), clock, stop).ConfigureAwait(false);
        }
    }

    public void Dispose() => _listener?.Dispose();

    // A lack of handles or memory, or a peer that went away: the listening socket itself is still good.
    private static bool IsOfOthers(Exception error) => error is SocketException
    {
        SocketErrorCode: SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable
            or SocketError.ConnectionAborted or SocketError.ConnectionReset,
    };

    private async ValueTask AcceptAsync(Action<Socket> accepted, CancellationToken stop)
    {
        Socket socket = await AcceptOne(_listener!, stop).ConfigureAwait(false);
        try
        {
            accepted(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // The listening socket itself may be broken. If a new one cannot be made, the next failure leads here again.
    private void Reopen()
    {
        try
        {
            _listener!.Dispose();
            _listener = Open(_endPoint);
        }
        catch (Exception error)
        {
            Tell(error);
        }
    }

    private Socket Open(IPEndPoint at)
    {
        var listener = new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(at);
            listener.Listen(backlog);
            return listener;
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    private void Tell(Exception error)
    {
        string failure = error is SocketException socket ? $"{socket.SocketErrorCode}" : error.GetType().Name;
        if (failure != _lastFailure)
        {
            _lastFailure = failure;
            report($"Accepting on {_endPoint} failed, trying again until it works: {error.Message}", error);
        }
    }
}
