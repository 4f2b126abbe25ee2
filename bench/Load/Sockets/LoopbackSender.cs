using System.Net;
using System.Net.Sockets;

namespace FastStream.Bench.Load;

/// <summary>A TCP server on loopback that writes a dataset to the one peer that connects, as often as it is told to.</summary>
internal sealed class LoopbackSender : IDisposable
{
    private const int ChunkBytes = 256 * 1024;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly byte[] _bytes;
    private Socket? _peer;

    public LoopbackSender(byte[] bytes)
    {
        _bytes = bytes;
        _listener.Start();
    }

    /// <summary>Where to connect.</summary>
    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndpoint;

    /// <summary>Writes the dataset once, on a thread of its own; the first call waits for the peer.</summary>
    public Thread Send()
    {
        var thread = new Thread(() =>
        {
            _peer ??= _listener.AcceptSocket();
            for (int at = 0; at < _bytes.Length; at += ChunkBytes)
            {
                _peer.Send(_bytes.AsSpan(at, Math.Min(ChunkBytes, _bytes.Length - at)));
            }
        });
        thread.Start();
        return thread;
    }

    public void Dispose()
    {
        _peer?.Dispose();
        _listener.Dispose();
    }
}
