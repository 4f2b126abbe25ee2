using System.Net.Sockets;

namespace FastStream.Samples.FromSpark;

/// <summary>A custom receiver: reads the lines of a server without the built-in source.</summary>
public sealed class CustomReceiver(string host, int port) : Receiver<string>
{
    public static void Describe(StreamingContext context, string host, int port) =>
        Count(context.ReceiverStream(new CustomReceiver(host, port))).Print();

    public static DStream<(string Word, long Count)> Count(DStream<string> lines) =>
        lines.FlatMap(line => line.Split(' ')).Map(word => (word, 1L)).ReduceByKey((a, b) => a + b);

    // An exception (no server, a broken connection) is reported to listeners, and this method runs again after
    // RestartDelay.
    protected override async Task RunAsync(CancellationToken stop)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(host, port, stop);
        using var reader = new StreamReader(client.GetStream());
        while (await reader.ReadLineAsync(stop) is { } line)
        {
            await StoreAsync(line, CancellationToken.None);
        }

        Restart("The server has ended the connection.");
    }
}
