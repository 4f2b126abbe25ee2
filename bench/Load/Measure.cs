using System.Diagnostics;

namespace FastStream.Bench.Load;

/// <summary>What one implementation did; rates are of one repetition, allocations and collections the mean of all.</summary>
internal sealed record Measurement(
    string Name,
    int Threads,
    Checksum Checksum,
    double MedianSeconds,
    double BestSeconds,
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

/// <summary>Times a job.</summary>
internal static class Measure
{
    // Long enough for the compiler to have replaced every loop by its optimised version, which it does in the background.
    private static readonly TimeSpan WarmUpTime = TimeSpan.FromSeconds(1);

    /// <summary>Warms the job up, then runs it this many times.</summary>
    public static Measurement Run(Job job, Dataset dataset, int repetitions)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(repetitions);
        Checksum checksum = WarmUp(job);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        double[] seconds = new double[repetitions];
        int gen0Before = GC.CollectionCount(0);
        int gen2Before = GC.CollectionCount(2);
        long allocatedBefore = GC.GetTotalAllocatedBytes(precise: true);
        for (int repetition = 0; repetition < repetitions; repetition++)
        {
            long started = Stopwatch.GetTimestamp();
            Verify(job, checksum, job.RunOnce());
            seconds[repetition] = Stopwatch.GetElapsedTime(started).TotalSeconds;
        }

        long allocated = GC.GetTotalAllocatedBytes(precise: true) - allocatedBefore;
        double gen0 = GC.CollectionCount(0) - gen0Before;
        double gen2 = GC.CollectionCount(2) - gen2Before;
        Array.Sort(seconds);
        double median = (seconds[(repetitions - 1) / 2] + seconds[repetitions / 2]) / 2;
        return new Measurement(
            job.Name, job.Threads, checksum, median, seconds[0], dataset.RecordCount, dataset.Bytes.Length,
            (double)allocated / dataset.RecordCount / repetitions, gen0 / repetitions, gen2 / repetitions);
    }

    private static Checksum WarmUp(Job job)
    {
        long started = Stopwatch.GetTimestamp();
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
                $"{job.Name} gave checksum {found}, expected {expected} as in its first run: " +
                "it keeps state between runs, or its threads race.");
        }
    }
}
