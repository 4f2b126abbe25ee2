namespace FastStream.Bench.Load;

/// <summary>Shows the measurements of a workload as a Markdown table and compares the checksums.</summary>
internal static class Report
{
    /// <summary>Writes the table. The first measurement is the reference: ratio 1.</summary>
    public static void Write(TextWriter output, string title, IReadOnlyList<Measurement> measurements)
    {
        Measurement reference = measurements[0];
        output.WriteLine(
            $"### {title}: {reference.RecordCount} records, {reference.ByteCount / 1e6:F1} MB, " +
            $"checksum {reference.Checksum}");
        output.WriteLine();
        output.WriteLine(
            "| implementation | threads | M records/s | MB/s | ratio | best MB/s | ratio of bests " +
            "| alloc B/record | gen0 | gen2 |");
        output.WriteLine("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
        foreach (Measurement measurement in measurements)
        {
            double ratioOfBests = reference.BestSeconds / measurement.BestSeconds;
            output.WriteLine(
                $"| {measurement.Name} | {measurement.Threads} " +
                $"| {Significant(measurement.MedianMillionRecordsPerSecond)} | {measurement.MedianMegabytesPerSecond:F0} " +
                $"| {Significant(measurement.MedianRatio)} | {measurement.BestMegabytesPerSecond:F0} | {Significant(ratioOfBests)} " +
                $"| {measurement.AllocatedBytesPerRecord:F2} " +
                $"| {measurement.Gen0Collections:F1} | {measurement.Gen2Collections:F1} |");
        }

        output.WriteLine();
    }

    /// <summary>Whether all implementations agree; names those that do not.</summary>
    public static bool Agree(TextWriter errors, Workload workload, IReadOnlyList<Measurement> measurements)
    {
        Measurement reference = measurements[0];
        bool agree = true;
        foreach (Measurement measurement in measurements.Where(measurement => measurement.Checksum != reference.Checksum))
        {
            agree = false;
            errors.WriteLine(
                $"{workload}: {measurement.Name} gave checksum {measurement.Checksum}, " +
                $"{reference.Name} gave {reference.Checksum}; one of them computes something else.");
        }

        return agree;
    }

    private static string Significant(double value) => value switch
    {
        >= 100 => $"{value:F0}",
        >= 10 => $"{value:F1}",
        >= 1 => $"{value:F2}",
        >= 0.1 => $"{value:F3}",
        _ => $"{value:F4}",
    };
}
