using System.Globalization;
using System.Text;
using Spectre.Console;

namespace FastStream.Cli;

/// <summary>Modes side by side: tables, conclusions and charts.</summary>
internal static class CollectorTable
{
    private const double Equal = 1.1;      // within a tenth, the default is as good

    private static readonly string[] Heads = ["mode", "records/s", "pauses", "p50", "p99", "max", "paused", "B/record",
        "heap MB", "latency p50", "p99", "others' CPU"];

    public static Table Of(IEnumerable<CollectorResult> results)
    {
        Table table = new Table().Border(TableBorder.Rounded);
        foreach (string head in Heads)
        {
            table.AddColumn(new TableColumn(head) { Alignment = head == "mode" ? Justify.Left : Justify.Right });
        }

        foreach (CollectorResult result in results)
        {
            table.AddRow([.. Cells(result).Select(Markup.Escape)]);
        }

        return table;
    }

    /// <summary>Returns one job's results as Markdown lines.</summary>
    public static IEnumerable<string> Markdown(IEnumerable<CollectorResult> results)
    {
        yield return "| " + string.Join(" | ", Heads) + " |";
        yield return "|:--|" + string.Concat(Heads.Skip(1).Select(_ => "--:|"));
        foreach (CollectorResult result in results)
        {
            yield return "| " + string.Join(" | ", Cells(result)) + " |";
        }
    }

    /// <summary>Chooses from one job's results the mode for even latency, and the one for throughput.</summary>
    public static (CollectorResult Latency, CollectorResult Throughput) Choose(IReadOnlyList<CollectorResult> results)
    {
        CollectorResult usual = results[0];
        CollectorResult even = results.MinBy(result => result.LatencyP99Ms)!;
        CollectorResult fast = results.MaxBy(result => result.RecordsPerSecond)!;
        return (usual.LatencyP99Ms <= even.LatencyP99Ms * Equal
            ? usual : even, usual.RecordsPerSecond * Equal >= fast.RecordsPerSecond ? usual : fast);
    }

    /// <summary>Returns everything as Markdown.</summary>
    public static string Document(CollectorReport report)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture,
            $"# Collector modes\n\n{report.Machine.Text()}; batches of {report.IntervalMs} ms, latency at "
            + $"{report.SteadyRate:N0} records/s\n");
        foreach (IGrouping<string, CollectorResult> job in report.Results.GroupBy(result => result.Job))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n## {job.Key}\n\n{CollectorWorkload.Named(job.Key).About}\n\n")
                .AppendJoin('\n', Markdown(job)).Append(CultureInfo.InvariantCulture, $"\n\n{Words(job.Key, [.. job])}\n");
        }

        return text.ToString();
    }

    /// <summary>Returns a page with charts.</summary>
    public static string Html(CollectorReport report)
    {
        var text = new StringBuilder()
            .Append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Collector "
                + $"modes</title><style>{ReportStyle.ForPage}</style></head><body>\n<h1>Collector modes</h1>\n")
            .Append(CultureInfo.InvariantCulture,
                $"<p class=\"machine\">{SvgChart.Escape(report.Machine.Text())}; batches of {report.IntervalMs} ms, "
                + $"latency at {report.SteadyRate:N0} records/s</p>\n");
        foreach (IGrouping<string, CollectorResult> job in report.Results.GroupBy(result => result.Job))
        {
            text.Append($"<h2>{job.Key}: {CollectorWorkload.Named(job.Key).About}</h2>\n<p "
                + $"class=\"advice\">{SvgChart.Escape(Words(job.Key, [.. job]))}</p>\n").Append(Charts(job, ""));
        }

        return text.Append("</body></html>\n").ToString();
    }

    /// <summary>Returns throughput, pauses and latency of one job as bar charts.</summary>
    public static string Charts(IEnumerable<CollectorResult> job, string css) => string.Concat(
        SvgBars.Of("Records a second",
            job.Select(result => (result.Mode, result.RecordsPerSecond, Number(result.RecordsPerSecond, "N0"))), css),
        SvgBars.Of("Longest pause",
            job.Select(result =>
                (result.Mode, result.PauseMaxMs, $"{TuneTable.Ms(result.PauseMaxMs)}, p99 {TuneTable.Ms(result.PauseP99Ms)}")), css),
        SvgBars.Of("Latency p99 at the steady rate",
            job.Select(result => (result.Mode, result.LatencyP99Ms, TuneTable.Ms(result.LatencyP99Ms))), css));

    /// <summary>Returns the choice in words.</summary>
    public static string Words(string job, IReadOnlyList<CollectorResult> results)
    {
        (CollectorResult latency, CollectorResult throughput) = Choose(results);
        return latency == throughput
            ? $"{job}: {latency.Mode} for latency and throughput."
            : $"{job}: {latency.Mode} for even latency (p99 {TuneTable.Ms(latency.LatencyP99Ms)}), "
                + $"{throughput.Mode} for throughput ({Number(throughput.RecordsPerSecond, "N0")} records/s).";
    }

    private static string[] Cells(CollectorResult result) =>
    [
        result.Mode,
        Number(result.RecordsPerSecond, "N0"),
        Number(result.Pauses, "N0"),
        TuneTable.Ms(result.PauseP50Ms),
        TuneTable.Ms(result.PauseP99Ms),
        TuneTable.Ms(result.PauseMaxMs),
        Number(result.PauseShare, "0.0 %"),
        Number(result.AllocatedBytesPerRecord, "0.#"),
        Number(result.HeapMegabytes, "N0"),
        TuneTable.Ms(result.LatencyP50Ms),
        TuneTable.Ms(result.LatencyP99Ms) + (result.Steady == VerdictKind.Stable ? "" : $" ({TuneTable.Name(result.Steady)})"),
        result.OthersCpu is { } others ? Number(others, "0 %") : "?",
    ];

    private static string Number(double number, string format) => number.ToString(format, CultureInfo.InvariantCulture);
}
