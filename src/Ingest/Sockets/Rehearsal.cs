using System.Net;
using System.Net.Sockets;

namespace FastStream;

/// <summary>Runs all the code that a connection needs before the first one comes.</summary>
/// <remarks>
/// A library is loaded when its code first runs, and loading takes a handle. By then connections could have taken all
/// handles. If a library cannot be loaded in the accepting loop, or in the code that reports its failures, the loop
/// ends and nobody sees it.
/// </remarks>
internal static class Rehearsal
{
    /// <summary>Accepts and ends a connection of its own, and reports a failure to nobody.</summary>
    /// <param name="receive">Receives from a connection.</param>
    /// <param name="stop">Ends the rehearsal early.</param>
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
            // The rehearsal's own exception, or a machine without loopback: then there is nothing to
            // rehearse with.
            _ = failure.ToString();
        }
    }
}
