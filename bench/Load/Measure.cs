using System.Diagnostics;

namespace FastStream.Bench.Load;

/// <summary>What one implementation did; rates are of one repetition, allocations and collections the mean of all.</summary>
internal sealed record Measurement(
    string Name,
    int Threads,
    Checksum Checksum,
    double MedianSeconds,
    double BestSeconds,
    double MedianRatio,
    long RecordCount,
    long ByteCount,
    double AllocatedBytesPerRecord,
    double Gen0Collections,
    double Gen2Collections)
{
    public double MedianMegabytesPerSecond => ByteCount / 1e6 / MedianSeconds;

    public double BestMegabytesPerSecond => ByteCount / 1e6 / BestSeconds;

    public double MedianMillionRecordsPerSecond => RecordCount / 1e6 / MedianSeconds;
}

/// <summary>Times jobs side by side.</summary>
internal static class Measure
{
    // Long enough for the compiler to have replaced every loop by its optimised version, which it does in the background.
    private static readonly TimeSpan WarmUpTime = TimeSpan.FromSeconds(1.5);

    /// <summary>
    /// Warms all jobs up, then runs each once a round: a disturbance of the machine hits neighbours alike, and the ratio to
    /// the reference is the median of the ratios within rounds. The first job is the reference.
    /// </summary>
    public static IReadOnlyList<Measurement> Run(IReadOnlyList<Job> jobs, Dataset dataset, int repetitions)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(repetitions);
        var runs = jobs.Select(job => new Runs(job, WarmUp(job), repetitions)).ToArray();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        for (int round = 0; round < repetitions; round++)
        {
            foreach (Runs run in runs)
            {
                run.Once(round);
            }
        }

        return runs.Select(run => run.ToMeasurement(runs[0], dataset)).ToArray();
    }

    private static Checksum WarmUp(Job job)
    {
        Console.Error.WriteLine($"{job.Workload}: {job.Name}");
        long started = Stopwatch.GetTimestamp();

        // Windows are full from the second run on.
        job.RunOnce();
        Checksum checksum = job.RunOnce();
        while (Stopwatch.GetElapsedTime(started) < WarmUpTime)
        {
            Verify(job, checksum, job.RunOnce());
        }

        return checksum;
    }

    private static void Verify(Job job, Checksum expected, Checksum found)
    {
        if (found != expected)
        {
            throw new InvalidOperationException(
                $"{job.Name} gave checksum {found}, expected {expected} as in its runs before: it keeps more than a "
                    + "window between runs, or races.");
        }
    }

    private static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>One job's repetitions.</summary>
    private sealed class Runs(Job job, Checksum checksum, int repetitions)
    {
        private readonly double[] _seconds = new double[repetitions];
        private long _allocated;
        private int _gen0;
        private int _gen2;

        public void Once(int round)
        {
            int gen0Before = GC.CollectionCount(0);
            int gen2Before = GC.CollectionCount(2);
            long allocatedBefore = GC.GetTotalAllocatedBytes(precise: true);
            long started = Stopwatch.GetTimestamp();
            Checksum found = job.RunOnce();
            _seconds[round] = Stopwatch.GetElapsedTime(started).TotalSeconds;
            _allocated += GC.GetTotalAllocatedBytes(precise: true) - allocatedBefore;
            _gen0 += GC.CollectionCount(0) - gen0Before;
            _gen2 += GC.CollectionCount(2) - gen2Before;
            Verify(job, checksum, found);
        }

        public Measurement ToMeasurement(Runs reference, Dataset dataset) => new(
            job.Name,
            job.Threads,
            checksum,
            Median(_seconds),
            _seconds.Min(),
            Median(reference._seconds.Zip(_seconds, (theirs, ours) => theirs / ours).ToArray()),
            dataset.RecordCount,
            dataset.Bytes.Length,
            (double)_allocated / dataset.RecordCount / repetitions,
            (double)_gen0 / repetitions,
            (double)_gen2 / repetitions);
    }
}
