using System.Net;
using System.Net.Sockets;

namespace FastStream;

/// <summary>Goes through what a connection needs, before the first one comes.</summary>
/// <remarks>
/// Libraries are loaded when their code first runs, and that takes a handle each. Connections could have taken all of
/// them by then, and a library that cannot be loaded in the accepting loop, or in the code
/// that reports its failures, is an end that nobody sees.
/// </remarks>
internal static class Rehearsal
{
    /// <summary>Accepts and ends a connection of its own, and reports a failure to nobody.</summary>
    /// <param name="receive">What is done with a connection.</param>
    /// <param name="stop">Ends it early.</param>
    public static async Task RunAsync(Func<Stream, Task> receive, CancellationToken stop)
    {
        try
        {
            using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            listener.Listen(1);
            using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await client.ConnectAsync(listener.LocalEndPoint!, stop).ConfigureAwait(false);
            using Socket socket = await listener.AcceptAsync(stop).ConfigureAwait(false);
            client.Shutdown(SocketShutdown.Both);
            await using var stream = new NetworkStream(socket);
            await receive(stream).ConfigureAwait(false);
            throw new SocketException((int)SocketError.TooManyOpenSockets);
        }
        catch (SocketException failure)
        {
            // Its own, or a machine without a loopback: then there is nothing to rehearse with.
            _ = failure.ToString();
        }
    }
}
