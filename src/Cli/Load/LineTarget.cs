using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace FastStream.Cli;

/// <summary>Where lines are sent.</summary>
internal abstract class LineTarget : IAsyncDisposable
{
    public const string Forms =
        "listen:PORT (a server, for jobs that connect), tcp:HOST:PORT, udp:HOST:PORT, file:PATH, or - for the standard output";

    /// <summary>Opens a target; <c>listen</c> waits for the first peer.</summary>
    /// <exception cref="CommandException">The text is not a target, or nobody accepts the connection.</exception>
    public static async Task<LineTarget> OpenAsync(string target, CommandOutput output, CancellationToken cancellation)
    {
        string[] words = target.Split(':');
        try
        {
            switch (words)
            {
                case ["-"]:
                    return new StreamTarget(Console.OpenStandardOutput());
                case ["file", ..]:
                    return new StreamTarget(new FileStream(target["file:".Length..], FileMode.Append, FileAccess.Write, FileShare.Read));
                case ["tcp", var host, var text] when TryPort(text, 1, out int port):
                    var client = new TcpClient { NoDelay = true };
                    await client.ConnectAsync(host, port, cancellation);
                    return new StreamTarget(client.GetStream(), client);
                case ["udp", var host, var text] when TryPort(text, 1, out int port):
                    return new DatagramTarget(host, port);
                case ["listen", var text] when TryPort(text, 0, out int port):
                    return await ListeningTarget.OpenAsync(port, output, cancellation);
                default:
                    throw new CommandException($"{target} is no target; expected is {Forms}.");
            }
        }
        catch (SocketException error)
        {
            throw new CommandException($"{target} cannot be opened: {error.Message} Start what takes the lines first.",
                ExitCode.Failed, error);
        }
    }

    /// <summary>Sends whole lines.</summary>
    /// <param name="lines">The lines with their line ends.</param>
    /// <param name="ends">The end offset of each line.</param>
    /// <param name="cancellation">Ends the wait for a slow reader.</param>
    public abstract ValueTask SendAsync(ReadOnlyMemory<byte> lines, IReadOnlyList<int> ends, CancellationToken cancellation);

    public abstract ValueTask DisposeAsync();

    private static bool TryPort(string text, int least, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port >= least && port <= 65_535;

    private sealed class StreamTarget(Stream stream, IDisposable? owner = null) : LineTarget
    {
        public override async ValueTask SendAsync(ReadOnlyMemory<byte> lines, IReadOnlyList<int> ends, CancellationToken cancellation)
        {
            await stream.WriteAsync(lines, cancellation);
            await stream.FlushAsync(cancellation);
        }

        public override async ValueTask DisposeAsync()
        {
            await stream.DisposeAsync();
            owner?.Dispose();
        }
    }

    // Sends each line as a datagram, without its line end.
    private sealed class DatagramTarget(string host, int port) : LineTarget
    {
        private readonly UdpClient _client = new(host, port);

        public override async ValueTask SendAsync(ReadOnlyMemory<byte> lines, IReadOnlyList<int> ends, CancellationToken cancellation)
        {
            int start = 0;
            foreach (int end in ends)
            {
                await _client.SendAsync(lines[start..(end - 1)], cancellation);
                start = end;
            }
        }

        public override ValueTask DisposeAsync()
        {
            _client.Dispose();
            return ValueTask.CompletedTask;
        }
    }

    // All connected peers get the same lines; a peer that disconnects is forgotten.
    private sealed class ListeningTarget : LineTarget
    {
        private readonly TcpListener _listener;
        private readonly List<TcpClient> _peers = [];
        private Task<TcpClient> _next;

        private ListeningTarget(TcpListener listener)
        {
            _listener = listener;
            _next = listener.AcceptTcpClientAsync();
        }

        public static async Task<LineTarget> OpenAsync(int port, CommandOutput output, CancellationToken cancellation)
        {
            var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            int bound = ((IPEndPoint)listener.LocalEndpoint).Port;
            await output.Errors.WriteLineAsync($"Waiting for a job to connect to 127.0.0.1:{bound} …");
            var target = new ListeningTarget(listener);
            await target._next.WaitAsync(cancellation);
            return target;
        }

        public override async ValueTask SendAsync(ReadOnlyMemory<byte> lines, IReadOnlyList<int> ends, CancellationToken cancellation)
        {
            while (_next.IsCompletedSuccessfully)
            {
                TcpClient peer = await _next;
                peer.NoDelay = true;
                _peers.Add(peer);
                _next = _listener.AcceptTcpClientAsync(CancellationToken.None).AsTask();
            }

            foreach (TcpClient peer in _peers.ToArray())
            {
                try
                {
                    await peer.GetStream().WriteAsync(lines, cancellation);
                }
                catch (Exception error) when (error is IOException or InvalidOperationException)
                {
                    _peers.Remove(peer);
                    peer.Dispose();
                }
            }
        }

        public override ValueTask DisposeAsync()
        {
            _listener.Dispose();
            _peers.ForEach(peer => peer.Dispose());
            _ = _next.ContinueWith(static next => next.Exception, TaskScheduler.Default);   // the line above ends it
            return ValueTask.CompletedTask;
        }
    }
}
