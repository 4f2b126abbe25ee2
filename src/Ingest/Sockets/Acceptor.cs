using System.Net;
using System.Net.Sockets;

namespace FastStream;

/// <summary>
/// Listens at an address and hands connections on, until it is told to stop: whatever fails meanwhile is told of, and
/// tried again.
/// </summary>
/// <param name="endPoint">Address and port; port 0 lets the system choose.</param>
/// <param name="backlog">Connections that the system holds until they are accepted.</param>
/// <param name="clock">Times the tries.</param>
/// <param name="report">Told of what fails: once for failures in a row of one kind.</param>
internal sealed class Acceptor(IPEndPoint endPoint, int backlog, TimeProvider clock, Action<string, Exception> report) : IDisposable
{
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(1);

    private IPEndPoint _endPoint = endPoint;   // with the port, once it is known
    private Socket? _listener;
    private string? _lastFailure;   // told of; null after something worked

    /// <summary>Takes one connection; replaced by tests that want failures.</summary>
    internal Func<Socket, CancellationToken, ValueTask<Socket>> AcceptOne { get; set; } =
        static (listener, stop) => listener.AcceptAsync(stop);

    /// <summary>The wait before the first new try; it doubles up to a second.</summary>
    internal TimeSpan FirstRetry { get; set; } = TimeSpan.FromMilliseconds(10);

    /// <summary>Binds and listens; gives the address, with the port that the system chose.</summary>
    /// <exception cref="SocketException">The address is taken or not this machine's.</exception>
    public IPEndPoint Listen()
    {
        _listener = Open(_endPoint);
        _endPoint = (IPEndPoint)_listener.LocalEndPoint!;
        return _endPoint;
    }

    /// <summary>Accepts until it is told to stop.</summary>
    /// <param name="takePlace">Waits until one more connection may be open.</param>
    /// <param name="givePlace">There was no connection for the place.</param>
    /// <param name="accepted">Takes a connection and its place over; when it throws, neither.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="OperationCanceledException">It was told to stop: there is no other end.</exception>
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
                // Such as too many open files: connections that are open go on meanwhile.
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

    // Want of handles or memory, or a peer that went: the listening socket is as good as before.
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

    // The listening socket itself may be what is broken. Where no new one can be had, the next failure leads here again.
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
