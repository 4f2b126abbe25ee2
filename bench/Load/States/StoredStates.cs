using System.Diagnostics;

namespace FastStream.Bench.Load;

/// <summary>
/// What states in FASTER cost as their number grows: a batch of 1,000 changed keys without and with a checkpoint, what
/// a checkpoint writes then, and a start to its first batch.
/// </summary>
internal static class StoredStates
{
    private const int Rounds = 15;
    private const int Changed = 1000;
    private const int FilledAtOnce = 250_000;
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    public static void WriteHead(TextWriter output)
    {
        output.WriteLine(
            "| keys | filled, ns a key | batch of 1,000 ms | with a checkpoint ms | longest ms | a checkpoint "
            + "writes KB | on the disk MB | start to first batch ms |");
        output.WriteLine("|--:|--:|--:|--:|--:|--:|--:|--:|");
    }

    /// <summary>
    /// Measures with so many keys and prints one row of a Markdown table: medians, one partition, memory for states 256
    /// MiB.
    /// </summary>
    public static void Run(TextWriter output, int keys)
    {
        using var folder = new TemporaryFolder();
        string directory = folder.PathOf("job");
        double filled;
        double[] plain;
        double[] saved;
        long before;
        using (var job = new Job(directory, 0))
        {
            long begun = Stopwatch.GetTimestamp();
            for (int first = 0; first < keys; first += FilledAtOnce)
            {
                job.RunBatch([.. Enumerable.Range(first, Math.Min(FilledAtOnce, keys - first)).Select(key => ((long)key, 1L))]);
            }

            filled = Stopwatch.GetElapsedTime(begun).TotalNanoseconds / keys;
            job.WaitForCheckpoint();
            plain = [.. Enumerable.Range(0, Rounds).Select(round => job.RunBatch(Some(keys, round))).Order()];
            before = BytesIn(directory);
            saved = [.. Enumerable.Range(0, Rounds).Select(round =>
            {
                job.PassInterval();
                double time = job.RunBatch(Some(keys, 100 + round));
                job.WaitForCheckpoint();
                return time;
            }).Order()];
        }

        long bytes = BytesIn(directory);
        long now = Stopwatch.GetTimestamp();
        using (var job = new Job(directory, 1_000_000))
        {
            job.RunBatch(Some(keys, 1000));
        }

        double start = Stopwatch.GetElapsedTime(now).TotalMilliseconds;
        output.WriteLine(
            $"| {keys:N0} | {filled:F0} | {plain[Rounds / 2]:F2} | {saved[Rounds / 2]:F2} | {saved[^1]:F2} | "
                + $"{(bytes - before) / 1024.0 / Rounds:F0} | {bytes / 1e6:F1} | {start:F0} |");
    }

    private static (long Key, long Value)[] Some(int keys, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, Changed).Select(_ => (random.NextInt64(keys), 1L))];
    }

    private static long BytesIn(string directory) =>
        new DirectoryInfo(Path.Combine(directory, "states")).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

    private sealed class Job : IDisposable
    {
        private readonly ManualTimeProvider _clock;
        private readonly StreamingContext _context;
        private readonly ManualStream<(long Key, long Value)> _input;
        private readonly string _directory;

        public Job(string directory, int startsAt)
        {
            _directory = directory;
            _clock = new ManualTimeProvider(DateTimeOffset.UnixEpoch + (startsAt * Second));
            _context = new StreamingContext(new StreamingOptions
            {
                Partitions = 1,
                TimeProvider = _clock,
                CatchUp = CatchUpPolicy.Skip,
                Checkpoint = new CheckpointOptions { Directory = directory, Interval = 20 * Second, MaxLogBytes = long.MaxValue },
                State = new StateOptions { Store = new FasterStateStore() },
            });
            _input = new ManualStream<(long Key, long Value)>(_context);
            _input.MapWithState(StateSpec.Function<long, long, long, long>((_, _, value, state) =>
            {
                state.Update(state.GetValueOrDefault() + value.GetValueOrDefault());
                return Optional<long>.None;
            })).Register();
            _context.Start();
        }

        public double RunBatch((long Key, long Value)[] records)
        {
            _input.Add(records);
            long now = Stopwatch.GetTimestamp();
            BatchTime next = BatchTime.From(_clock.GetUtcNow()) + Second;
            _clock.Advance(Second);
            _context.WhenCompletedAsync(next).GetAwaiter().GetResult();
            return Stopwatch.GetElapsedTime(now).TotalMilliseconds;
        }

        /// <summary>The next batch is one with a checkpoint.</summary>
        public void PassInterval()
        {
            for (int i = 0; i < 19; i++)
            {
                RunBatch([]);
            }
        }

        /// <summary>Runs empty batches until the checkpoint that was begun, or is due, is there.</summary>
        public void WaitForCheckpoint()
        {
            int newest = Newest();
            for (int i = 0; i < 100_000 && Newest() == newest; i++)
            {
                RunBatch([]);
            }
        }

        public void Dispose()
        {
            _context.StopAsync().GetAwaiter().GetResult();
            _context.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }

        private int Newest() =>
            Directory.EnumerateDirectories(_directory, "checkpoint-*")
                .Max(path => int.Parse(path[^9..], System.Globalization.CultureInfo.InvariantCulture));
    }
}
