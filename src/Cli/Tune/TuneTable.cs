using System.Globalization;
using Spectre.Console;

namespace FastStream.Cli;

/// <summary>Formats steps as a table, for a terminal and as Markdown.</summary>
internal static class TuneTable
{
    private static readonly string[] Heads =
        ["interval", "verdict", "processing p50", "p95", "growth/min", "delay p95", "latency p50", "p99", "p99.9",
            "records/s", "headroom", "B/record", "GC pauses", "others' CPU"];

    /// <summary>Makes a table for a terminal.</summary>
    public static Table Of(IEnumerable<StepResult> steps, double? recommendedMs)
    {
        Table table = new Table().Border(TableBorder.Rounded);
        foreach (string head in Heads)
        {
            table.AddColumn(new TableColumn(head) { Alignment = head == "verdict" ? Justify.Left : Justify.Right, NoWrap = true });
        }

        foreach (StepResult step in steps)
        {
            string[] cells = Cells(step, recommendedMs);
            cells[1] = $"[{Colour(step.Verdict)}]{cells[1]}[/]";
            table.AddRow(cells);
        }

        return table;
    }

    /// <summary>Returns Markdown lines.</summary>
    public static IEnumerable<string> Markdown(IEnumerable<StepResult> steps, double? recommendedMs)
    {
        yield return "| " + string.Join(" | ", Heads) + " |";
        yield return "|" + string.Concat(Heads.Select(head => head == "verdict" ? ":--|" : "--:|"));
        foreach (StepResult step in steps)
        {
            yield return "| " + string.Join(" | ", Cells(step, recommendedMs)) + " |";
        }
    }

    /// <summary>Returns a step as one line.</summary>
    public static string Line(StepResult step) =>
        $"{Ms(step.IntervalMs),8}  {Name(step.Verdict),-9} processing p50 {Ms(step.ProcessingMs.P50)}, p95 "
            + $"{Ms(step.ProcessingMs.P95)}; delay p95 {Ms(step.DelayMs.P95)}; latency p50 "
            + $"{Ms(step.LatencyMs.P50)}, p99 {Ms(step.LatencyMs.P99)}: {step.Reason}";

    public static string Name(VerdictKind verdict) => verdict.ToString().ToLowerInvariant();

    public static string Ms(double milliseconds) => Times.Text(TimeSpan.FromMilliseconds(milliseconds));

    private static string Colour(VerdictKind verdict) => verdict switch
    {
        VerdictKind.Stable => "green",
        VerdictKind.Unstable => "red",
        _ => "yellow",
    };

    private static string[] Cells(StepResult step, double? recommendedMs) =>
    [
        Ms(step.IntervalMs) + (step.IntervalMs == recommendedMs ? " ◀" : ""),
        Name(step.Verdict),
        Ms(step.ProcessingMs.P50),
        Ms(step.ProcessingMs.P95),
        Ms(step.ProcessingGrowthMsPerMinute),
        Ms(step.DelayMs.P95),
        (step.IsLatencyMeasured ? "" : "≈ ") + Ms(step.LatencyMs.P50),
        Ms(step.LatencyMs.P99),
        Ms(step.LatencyMs.P999),
        Number(step.RecordsPerSecond, "N0"),
        "×" + Number(step.Headroom, step.Headroom < 10 ? "0.##" : "N0"),
        Number(step.AllocatedBytesPerRecord, "0.#"),
        $"{step.Pauses}, {Ms(step.LongestPauseMs)}",
        step.OthersCpu is { } others ? Number(others, "0 %") : "?",
    ];

    private static string Number(double number, string format) => number.ToString(format, CultureInfo.InvariantCulture);
}
