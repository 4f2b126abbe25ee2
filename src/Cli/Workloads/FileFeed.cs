using System.Globalization;

namespace FastStream.Cli;

/// <summary>
/// Moves files with the due lines into a folder, ten a second; removes the oldest when there are thousands.
/// </summary>
internal sealed class FileFeed(byte[][] lines, int recordsPerSecond) : Feed(lines, recordsPerSecond)
{
    private static readonly TimeSpan BetweenFiles = TimeSpan.FromMilliseconds(100);
    private const int KeptFiles = 2_000;     // more than three minutes: a late batch still finds its files

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("faststream-feed-");
    private readonly CancellationTokenSource _stop = new();
    private readonly SentLines _sent = new(lines);
    private Task _writing = Task.CompletedTask;

    public override DStream<Utf8Text> Describe(StreamingContext context) =>
        context.TextFileStream(_folder.FullName, new FileSourceOptions
            { Detection = FileDetection.Arrival, LostFile = LostFilePolicy.Skip });

    public override DateTimeOffset Start(StreamingContext context)
    {
        TimeProvider clock = TimeProvider.System;
        DateTimeOffset origin = clock.GetUtcNow();
        _writing = WriteAsync(clock, clock.GetTimestamp());
        return origin;
    }

    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _writing;
        _stop.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task WriteAsync(TimeProvider clock, long start)
    {
        var names = new Queue<string>();
        try
        {
            for (long written = 0, number = 0; ; number++)
            {
                await Task.Delay(BetweenFiles, _stop.Token);
                long due = (long)(clock.GetElapsedTime(start).TotalSeconds * RecordsPerSecond);
                string name = Path.Combine(_folder.FullName, number.ToString("D10", CultureInfo.InvariantCulture));
                string hidden = Path.Combine(_folder.FullName, "." + Path.GetFileName(name));
                await using (FileStream file = File.Create(hidden))
                {
                    while (written < due)
                    {
                        await file.WriteAsync(_sent.From(written, due - written, out int count), _stop.Token);
                        written += count;
                    }
                }

                File.Move(hidden, name);
                names.Enqueue(name);
                if (names.Count > KeptFiles)
                {
                    File.Delete(names.Dequeue());
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }
}
