using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FastStream.Tests;

/// <summary>A server on the loopback that does what a test tells it.</summary>
internal sealed class Peer : IDisposable
{
    private readonly TcpListener _listener;

    public Peer(int port = 0)
    {
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
    }

    public int Port { get; }

    /// <summary>A port on which nobody listens now.</summary>
    public static int FreePort()
    {
        using var peer = new Peer();
        return peer.Port;
    }

    public async Task<Connection> AcceptAsync() => new(await _listener.AcceptSocketAsync().WaitAsync(TimeSpan.FromSeconds(60)));

    public void Dispose() => _listener.Dispose();
}

internal sealed class Connection(Socket socket) : IDisposable
{
    public Socket Socket { get; } = socket;

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        Socket.NoDelay = true;
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await Socket.SendAsync(bytes).AsTask().WaitAsync(TimeSpan.FromSeconds(60))..];
        }
    }

    /// <summary>Ends the connection with a FIN.</summary>
    public void End() => Socket.Close();

    /// <summary>Ends the connection with a RST.</summary>
    public void Reset()
    {
        Socket.LingerState = new LingerOption(true, 0);
        Socket.Close();
    }

    public void Dispose() => Socket.Dispose();
}
