using System.Globalization;
using System.Text;

namespace FastStream.Cli;

/// <summary>A line and when it is due, relative to the first moment.</summary>
internal readonly record struct DueLine(TimeSpan Due, string Line);

/// <summary>What was sent.</summary>
internal sealed record SentNumbers(long Lines, long Bytes, double Seconds, double LatestBySeconds)
{
    public string Text() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Lines:N0} lines, {Bytes:N0} bytes in {Seconds:0.#} s: {Lines / Math.Max(Seconds, 0.001):N0} "
            + $"lines/s{(LatestBySeconds > 0.1 ? $"; up to {LatestBySeconds:0.#} s behind, as they were taken no faster" : "")}");
}

/// <summary>
/// Sends lines when they are due. A slow reader makes it late; it then catches up, and drops no line.
/// </summary>
internal static class LineSender
{
    private const int PieceBytes = 256 << 10;
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <summary>Sends lines until the end, or until it is cancelled.</summary>
    public static async Task<SentNumbers> SendAsync(IEnumerable<DueLine> lines, LineTarget target, TimeProvider clock,
        CancellationToken cancellation)
    {
        long start = clock.GetTimestamp();
        long count = 0;
        long bytes = 0;
        var latest = TimeSpan.Zero;
        using var piece = new MemoryStream();
        var ends = new List<int>();
        try
        {
            foreach (DueLine line in lines)
            {
                TimeSpan now = clock.GetElapsedTime(start);
                if (line.Due > now)
                {
                    await FlushAsync();
                    TimeSpan wait = line.Due - clock.GetElapsedTime(start);
                    if (wait > TimeSpan.Zero)
                    {
                        await Task.Delay(wait < LongestWait ? wait : LongestWait, clock, cancellation);
                    }
                }
                else if (now - line.Due > latest)
                {
                    latest = now - line.Due;
                }

                cancellation.ThrowIfCancellationRequested();
                piece.Write(Encoding.UTF8.GetBytes(line.Line));
                piece.WriteByte((byte)'\n');
                ends.Add((int)piece.Length);
                if (piece.Length >= PieceBytes)
                {
                    await FlushAsync();
                }
            }

            await FlushAsync();
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Its time is over, or it was asked to stop: what was sent counts.
        }

        return new SentNumbers(count, bytes, clock.GetElapsedTime(start).TotalSeconds, latest.TotalSeconds);

        async ValueTask FlushAsync()
        {
            if (ends.Count > 0)
            {
                await target.SendAsync(piece.GetBuffer().AsMemory(0, (int)piece.Length), ends, cancellation);
                count += ends.Count;
                bytes += piece.Length;
                piece.SetLength(0);
                ends.Clear();
            }
        }
    }
}
