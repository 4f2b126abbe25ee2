using System.Globalization;

namespace FastStream.Cli;

/// <summary>A run in words.</summary>
internal static class RunText
{
    /// <summary>Summarises the batches since the last line.</summary>
    public static string Line(RunTotals since) => string.Create(
        CultureInfo.InvariantCulture,
        $"{since.Last!.EndedAt:HH:mm:ss} batches {since.Batches:N0}, records {since.Records:N0}, processing p50 "
            + $"{Times.Text(since.Processing.Percentile(0.5))} "
        + $"max {Times.Text(since.Processing.Largest)}, delay "
            + $"{Times.Text(since.Delay.Largest)}{(since.Failed > 0 ? $", failed {since.Failed:N0}: {since.Last.Failure?.Message}" : "")}");

    /// <summary>Summarises the whole run, and whether it kept up.</summary>
    public static string Sum(RunTotals totals, TimeSpan interval) => totals.Batches == 0
        ? "No batch was done."
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{totals.Batches:N0} batches, {totals.Records:N0} records, {totals.Failed:N0} failed; processing p50 "
                + $"{Times.Text(totals.Processing.Percentile(0.5))}, "
            + $"p95 {Times.Text(totals.Processing.Percentile(0.95))}, max {Times.Text(totals.Processing.Largest)} "
                + $"of {Times.Text(interval)}; "
            + $"scheduling delay p95 {Times.Text(totals.Delay.Percentile(0.95))}, max {Times.Text(totals.Delay.Largest)}.");
}
