using System.Diagnostics;

namespace FastStream.Bench.Load;

/// <summary>
/// What surviving costs: a batch that is planned and committed on the disk, a checkpoint of so many states, and a start
/// from it. Beside it a loop that writes a dictionary's keys and values to a file, brings it to the disk and reads it
/// again.
/// </summary>
internal static class Recovery
{
    private const int Rounds = 9;
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    public static void WriteHead(TextWriter output)
    {
        output.WriteLine(
            "| states | batch ms | with plan and commit ms | with a checkpoint ms | written by hand ms | checkpoint "
            + "MB | start to first batch ms | read by hand ms |");
        output.WriteLine("|--:|--:|--:|--:|--:|--:|--:|--:|");
    }

    /// <summary>Measures with so many keys and prints one row of a Markdown table: medians.</summary>
    public static void Run(TextWriter output, int keys)
    {
        double plain = Batches(keys, null).Median;
        using var folder = new TemporaryFolder();
        double planned =
            Batches(keys, new CheckpointOptions { Directory = folder.PathOf("planned"), Interval = TimeSpan.FromDays(1) }).Median;
        var often = new CheckpointOptions { Directory = folder.PathOf("saved"), Interval = TimeSpan.FromMilliseconds(1) };
        double saved = Batches(keys, often).Median;
        long bytes = Directory.EnumerateFiles(often.Directory, "data", SearchOption.AllDirectories).Max(file => new FileInfo(file).Length);
        double[] starts = [.. Enumerable.Range(1, Rounds)
            .Select(round => Batches(keys, often, startsAt: round * 100, batches: 1).Start).Order()];
        (double written, double read) = ByHand(keys, folder.PathOf("by-hand"));
        output.WriteLine(
            $"| {keys:N0} | {plain:F2} | {planned:F2} | {saved:F2} | {written:F2} | {bytes / 1e6:F1} | "
            + $"{starts[Rounds / 2]:F1} | {read:F1} |");
    }

    // A batch touches a few states; the first one brings all of them.
    private static (double Start, double Median) Batches(int keys, CheckpointOptions? checkpoint, int startsAt = 0, int batches = Rounds)
    {
        var clock = new ManualTimeProvider(DateTimeOffset.UnixEpoch + (startsAt * Second));
        long begun = Stopwatch.GetTimestamp();
        var context = new StreamingContext(new StreamingOptions { Partitions = 1, TimeProvider = clock, Checkpoint = checkpoint });
        var input = new ManualStream<(long Key, long Value)>(context);
        input.MapWithState(StateSpec.Function<long, long, long, long>((_, _, value, state) =>
        {
            state.Update(state.GetValueOrDefault() + value.GetValueOrDefault());
            return Optional<long>.None;
        })).Register();
        context.Start();
        if (startsAt == 0)
        {
            input.Add([.. Enumerable.Range(0, keys).Select(key => ((long)key, 1L))]);
            RunBatch();
        }

        double[] times = [.. Enumerable.Range(0, batches).Select(_ => RunBatch())];
        double start = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        context.StopAsync(StopMode.Immediate).GetAwaiter().GetResult();
        context.DisposeAsync().AsTask().GetAwaiter().GetResult();
        return (start, times.Order().ElementAt(batches / 2));

        double RunBatch()
        {
            long now = Stopwatch.GetTimestamp();
            BatchTime next = BatchTime.From(clock.GetUtcNow()) + Second;
            clock.Advance(Second);
            context.WhenCompletedAsync(next).GetAwaiter().GetResult();
            return Stopwatch.GetElapsedTime(now).TotalMilliseconds;
        }
    }

    private static (double Written, double Read) ByHand(int keys, string path)
    {
        var states = Enumerable.Range(0, keys).ToDictionary(key => (long)key, _ => 1L);
        var written = new double[Rounds];
        var read = new double[Rounds];
        for (int round = 0; round < Rounds; round++)
        {
            long now = Stopwatch.GetTimestamp();
            using (var writer = new BinaryWriter(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16)))
            {
                foreach ((long key, long state) in states)
                {
                    writer.Write(key);
                    writer.Write(state);
                }

                writer.Flush();
                ((FileStream)writer.BaseStream).Flush(flushToDisk: true);
            }

            written[round] = Stopwatch.GetElapsedTime(now).TotalMilliseconds;
            now = Stopwatch.GetTimestamp();
            var again = new Dictionary<long, long>();
            using (var reader = new BinaryReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16)))
            {
                for (int i = 0; i < keys; i++)
                {
                    again.Add(reader.ReadInt64(), reader.ReadInt64());
                }
            }

            read[round] = Stopwatch.GetElapsedTime(now).TotalMilliseconds;
        }

        return (written.Order().ElementAt(Rounds / 2), read.Order().ElementAt(Rounds / 2));
    }
}
