using System.Buffers.Text;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace FastStream.Bench.Load;

/// <summary>
/// Latency of a line from the sender's write to the batch's output, at a steady rate. Each line begins with the clock's
/// reading when it was written.
/// </summary>
internal static class Latency
{
    private const int LineBytes = 100;
    private const int StampDigits = 19;

    /// <summary>Measures for a time and prints one row of a Markdown table.</summary>
    public static void Run(TextWriter output, TimeSpan interval, int linesPerSecond, TimeSpan duration)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var latencies = new List<long>(checked((int)(linesPerSecond * duration.TotalSeconds * 1.2)));
        long warm = Stopwatch.GetTimestamp() + (2 * Stopwatch.Frequency);
        int batches = 0;
        long firstBatch = 0;
        long lastBatch = 0;
        var context = new StreamingContext(new StreamingOptions { BatchInterval = interval, Partitions = 1 });
        context.SocketTextStream("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port)
               .Map(line => line.Slice(0, StampDigits).TryParse(out long written) ? written : 0)
               .ForEachBatch((batch, time) =>
               {
                   long now = Stopwatch.GetTimestamp();
                   if (now < warm)
                   {
                       return;
                   }

                   batches++;
                   firstBatch = firstBatch == 0 ? time.Milliseconds : firstBatch;
                   lastBatch = time.Milliseconds;
                   foreach (ReadOnlyMemory<long> block in batch.Blocks)
                   {
                       foreach (long written in block.Span)
                       {
                           latencies.Add(now - written);
                       }
                   }
               });
        context.Start();
        using (Socket peer = listener.AcceptSocket())
        {
            peer.NoDelay = true;
            Write(peer, linesPerSecond, duration + TimeSpan.FromSeconds(2));
        }

        context.StopAsync().GetAwaiter().GetResult();
        context.DisposeAsync().AsTask().GetAwaiter().GetResult();
        latencies.Sort();
        double held = batches / Math.Max(1, ((lastBatch - firstBatch) / interval.TotalMilliseconds) + 1);
        output.WriteLine(
            $"| {interval.TotalMilliseconds} | {linesPerSecond} | {latencies.Count} | "
                + $"{Percentile(latencies, 0.5):F3} | {Percentile(latencies, 0.99):F3} " +
            $"| {Percentile(latencies, 0.999):F3} | {Percentile(latencies, 1):F3} | {batches / duration.TotalSeconds:F1} | {held:P1} |");
    }

    /// <summary>The table's head.</summary>
    public static void WriteHead(TextWriter output)
    {
        output.WriteLine("| interval ms | lines/s | lines | p50 ms | p99 ms | p99.9 ms | max ms | batches/s | batches run |");
        output.WriteLine("|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    }

    private static void Write(Socket peer, int linesPerSecond, TimeSpan duration)
    {
        byte[] lines = new byte[LineBytes * Math.Max(1, linesPerSecond / 10)];
        lines.AsSpan().Fill((byte)'x');
        long start = Stopwatch.GetTimestamp();
        for (long written = 0; Stopwatch.GetElapsedTime(start) < duration;)
        {
            long due = (long)(Stopwatch.GetElapsedTime(start).TotalSeconds * linesPerSecond);
            int count = (int)Math.Min(due - written, lines.Length / LineBytes);
            long stamp = Stopwatch.GetTimestamp();
            for (int i = 0; i < count; i++)
            {
                Span<byte> line = lines.AsSpan(i * LineBytes, LineBytes);
                Utf8Formatter.TryFormat(stamp, line, out _, new System.Buffers.StandardFormat('D', StampDigits));
                line[^1] = (byte)'\n';
            }

            peer.Send(lines.AsSpan(0, count * LineBytes));
            written += count;
            Thread.Sleep(1);
        }
    }

    private static double Percentile(List<long> sorted, double part) =>
        sorted.Count == 0 ? double.NaN : sorted[(int)Math.Min(sorted.Count - 1, sorted.Count * part)] * 1000.0 / Stopwatch.Frequency;
}
