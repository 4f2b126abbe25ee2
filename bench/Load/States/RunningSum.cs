using System.Diagnostics;

namespace FastStream.Bench.Load;

/// <summary>
/// A running sum over so many int64 keys, every record one pair: a hand-written loop over an open-addressing table, and
/// <c>MapWithState</c> in memory, with checkpoints each ten batches, and with its states in FASTER and checkpoints each
/// ten batches. Rounds in turn; every side gives the same checksum.
/// </summary>
internal static class RunningSum
{
    private const int Batches = 20;
    private const int RecordsOfBatch = 210_000;
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    public static void Run(TextWriter output, int keys, int rounds)
    {
        (long Key, long Value)[][] batches = [.. Enumerable.Range(0, Batches).Select(batch => Records(batch, keys))];
        (string Name, Func<(double Ms, long Sum)> Run)[] sides =
        [
            ("loop", () => ByHand(batches, keys)),
            ("memory, 1 partition", () => Engine(batches, 1, null, false)),
            ("memory, 2 partitions", () => Engine(batches, 2, null, false)),
            ("memory, checkpoints", () => Engine(batches, 1, 10 * Second, false)),
            ("FASTER, checkpoints", () => Engine(batches, 1, 10 * Second, true)),
            ("FASTER, checkpoints, 2 partitions", () => Engine(batches, 2, 10 * Second, true)),
        ];
        var times = sides.ToDictionary(side => side.Name, _ => new List<double>());
        long? sum = null;
        for (int round = 0; round < rounds; round++)
        {
            foreach ((string name, Func<(double Ms, long Sum)> run) in sides)
            {
                GC.Collect();
                (double ms, long found) = run();
                times[name].Add(ms);
                sum ??= found;
                if (sum != found)
                {
                    throw new InvalidOperationException($"{name} gives {found}; {sum} is expected.");
                }
            }
        }

        output.WriteLine(
            $"Running sum: {Batches} batches of {RecordsOfBatch:N0} records over {keys:N0} keys; medians of "
            + $"{rounds} rounds in turn, ratio to the loop round by round.");
        output.WriteLine();
        output.WriteLine("| side | ms | ns a record | loop / side | from | to |");
        output.WriteLine("|:--|--:|--:|--:|--:|--:|");
        foreach ((string name, List<double> each) in times)
        {
            double[] ratios = [.. each.Zip(times["loop"], (own, loop) => loop / own).Order()];
            double median = each.Order().ElementAt(each.Count / 2);
            output.WriteLine(
                $"| {name} | {median:F0} | {median * 1e6 / Batches / RecordsOfBatch:F1} | "
                + $"{ratios[ratios.Length / 2]:F2} | {ratios[0]:F2} | {ratios[^1]:F2} |");
        }
    }

    private static (long Key, long Value)[] Records(int batch, int keys)
    {
        var random = new Random(batch);
        return [.. Enumerable.Range(0, RecordsOfBatch).Select(i => (random.NextInt64(keys), (long)i))];
    }

    private static (double Ms, long Sum) ByHand((long Key, long Value)[][] batches, int keys)
    {
        int capacity = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)(2 * keys));
        long begun = Stopwatch.GetTimestamp();
        var keysOf = new long[capacity];
        var sums = new long[capacity];
        long check = 0;
        foreach ((long Key, long Value)[] batch in batches)
        {
            foreach ((long key, long value) in batch)
            {
                uint at = (uint)((ulong)(key + 1) * 0x9E3779B97F4A7C15 >> 32) & (uint)(capacity - 1);
                while (keysOf[at] != key + 1 && keysOf[at] != 0)
                {
                    at = (at + 1) & (uint)(capacity - 1);
                }

                keysOf[at] = key + 1;
                sums[at] += value;
                check += sums[at];
            }
        }

        return (Stopwatch.GetElapsedTime(begun).TotalMilliseconds, check);
    }

    private static (double Ms, long Sum) Engine((long Key, long Value)[][] batches, int partitions, TimeSpan? interval, bool isStored)
    {
        using var folder = new TemporaryFolder();
        var clock = new ManualTimeProvider(DateTimeOffset.UnixEpoch);
        var context = new StreamingContext(new StreamingOptions
        {
            Partitions = partitions,
            TimeProvider = clock,
            MaxBufferedRecords = int.MaxValue,
            Checkpoint = interval is { } time
                ? new CheckpointOptions { Directory = folder.PathOf("job"), Interval = time, MaxLogBytes = long.MaxValue } : null,
            State = new StateOptions { Store = isStored ? new FasterStateStore() : null },
        });
        var input = new GivenBatches(context, batches);
        long check = 0;
        input.MapWithState(StateSpec.Function<long, long, long, long>((_, _, value, state) =>
        {
            state.Update(state.GetValueOrDefault() + value.GetValueOrDefault());
            return state.Value;
        })).ForEachBatch((batch, _) =>
        {
            foreach (BatchPartition<long> part in batch.Partitions)
            {
                foreach (long sum in part)
                {
                    check += sum;
                }
            }
        });
        context.Start();
        long begun = Stopwatch.GetTimestamp();
        for (int i = 0; i < batches.Length; i++)
        {
            BatchTime next = BatchTime.From(clock.GetUtcNow()) + Second;
            clock.Advance(Second);
            context.WhenCompletedAsync(next).GetAwaiter().GetResult();
        }

        double ms = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        context.StopAsync(StopMode.Immediate).GetAwaiter().GetResult();
        context.DisposeAsync().AsTask().GetAwaiter().GetResult();
        return (ms, check);
    }

    /// <summary>Gives batches that it has, and writes down of each which one it was.</summary>
    private sealed class GivenBatches(StreamingContext context, (long Key, long Value)[][] batches)
        : InputDStream<(long Key, long Value)>(context, "GivenBatches")
    {
        private int _next;

        protected override InputBatch<(long Key, long Value)> Cut(BatchTime time) => BatchOf(_next < batches.Length ? _next++ : -1);

        protected override void SaveBatch(InputBatch<(long Key, long Value)> batch, System.Buffers.IBufferWriter<byte> output)
        {
            BitConverter.TryWriteBytes(output.GetSpan(4), _next - 1);
            output.Advance(4);
        }

        protected override InputBatch<(long Key, long Value)> LoadBatch(BatchTime time, ReadOnlyMemory<byte> saved) =>
            BatchOf(BitConverter.ToInt32(saved.Span));

        private RecordInputBatch<(long Key, long Value)> BatchOf(int index) =>
            index < 0 ? RecordInputBatch.Empty<(long Key, long Value)>() : new(batches[index]);
    }
}
