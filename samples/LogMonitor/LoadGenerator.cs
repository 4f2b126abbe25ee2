using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace LogMonitor;

/// <summary>
/// A real TCP server on loopback that writes access-log lines, and some lines with ERROR, at a steady rate to every
/// client that connects.
/// </summary>
internal sealed class LoadGenerator : IAsyncDisposable
{
    private const int LinesPerWrite = 10_000;   // bounds memory when the rate is too high to keep

    private static readonly string[] Paths = ["/", "/index.html", "/login", "/cart", "/api/orders", "/api/items?page=2",
        "/images/logo.png"];
    private static readonly int[] Statuses = [200, 200, 200, 200, 200, 200, 301, 304, 404, 500];

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly int _linesPerSecond;
    private readonly Task _accepting;

    public LoadGenerator(int linesPerSecond)
    {
        _linesPerSecond = linesPerSecond;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    /// <summary>The port to connect to.</summary>
    public int Port { get; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var clients = new List<Task>();
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                clients.Add(WriteAsync(client));
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Stopped.
        }

        await Task.WhenAll(clients);
    }

    private async Task WriteAsync(TcpClient client)
    {
        var random = new Random(1);
        var text = new StringBuilder();
        long written = 0;
        TimeProvider clock = TimeProvider.System;
        long start = clock.GetTimestamp();
        using (client)
        {
            try
            {
                NetworkStream stream = client.GetStream();
                while (true)
                {
                    // Writes as many lines as are due by the clock: the rate holds even when a wait takes longer.
                    long due = (long)(clock.GetElapsedTime(start).TotalSeconds * _linesPerSecond);
                    long end = Math.Min(due, written + LinesPerWrite);
                    for (; written < end; written++)
                    {
                        AppendLine(text, random, written);
                    }

                    if (text.Length > 0)
                    {
                        await stream.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()), _stop.Token);
                        text.Clear();
                    }

                    if (end == due)
                    {
                        await Task.Delay(10, _stop.Token);
                    }
                }
            }
            catch (Exception error) when (error is OperationCanceledException or IOException)
            {
                // Stopped, or the reader is gone.
            }
        }
    }

    private static void AppendLine(StringBuilder text, Random random, long number)
    {
        if (random.Next(200) == 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"ERROR worker {random.Next(8)} could not finish request {number}\n");
            return;
        }

        // The square makes some clients far busier than others.
        double skew = random.NextDouble();
        int client = (int)(skew * skew * 40);
        text.Append(CultureInfo.InvariantCulture, $"10.0.{client / 8}.{(client % 8) + 1} - - [10/Oct/2025:13:55:36 +0000] ");
        text.Append(CultureInfo.InvariantCulture,
            $"\"GET {Paths[random.Next(Paths.Length)]} HTTP/1.1\" {Statuses[random.Next(Statuses.Length)]} {random.Next(200, 20_000)}\n");
    }
}
