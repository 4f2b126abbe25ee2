using System.Text;
using System.Text.Json;

namespace FastStream.Cli;

/// <summary>Writes the report of a tuning to files.</summary>
internal static class TuneFiles
{
    /// <summary>Writes tune.json, tune.md, tune.svg and tune.html into a folder, and creates the folder.</summary>
    public static void Write(TuneReport report, string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "tune.json"), JsonSerializer.Serialize(report, JsonText.Document) + "\n");
        File.WriteAllText(Path.Combine(folder, "tune.md"), Markdown(report));
        File.WriteAllText(Path.Combine(folder, "tune.html"), Html(report));
        if ((report.Best() ?? report.Series.FirstOrDefault(series => series.Steps.Count > 0)) is { } shown)
        {
            File.WriteAllText(Path.Combine(folder, "tune.svg"),
                TuneCharts.Stability($"{report.Job}: {shown.Title()}", shown).ToText(ReportStyle.ForChart));
        }
    }

    private static string Html(TuneReport report)
    {
        string title = $"Batch interval of {SvgChart.Escape(report.Job)}";
        var text = new StringBuilder()
            .Append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                + $"content=\"width=device-width\"><title>{title}</title>\n")
            .Append($"<style>{ReportStyle.ForPage}</style></head><body>\n<h1>{title}</h1>\n<p "
                + $"class=\"machine\">{SvgChart.Escape(report.Machine.Text())}; {report.StartedAt:yyyy-MM-dd HH:mm} UTC</p>\n");
        if (report.IsInterrupted)
        {
            text.Append("<p>Interrupted: this is what was measured by then.</p>\n");
        }

        if (report.Series.Count > 1)
        {
            text.Append(TuneCharts.Series(report)).Append("<ol>")
                .AppendJoin("", report.Series
                    .Select(series => $"<li>{SvgChart.Escape(series.Title())}: {SvgChart.Escape(series.Advice)}</li>")).Append("</ol>\n");
        }

        foreach (TuneSeries series in report.Series.Where(series => series.Steps.Count > 0))
        {
            text.Append($"<h2>{SvgChart.Escape(series.Title())}</h2>\n<p class=\"advice\">{SvgChart.Escape(series.Advice)}</p>\n")
                .Append(TuneCharts.Stability("Processing time and latency by interval", series).ToText());
            AppendTable(text, series);
            text.Append(TuneCharts.Headroom(series).ToText()).Append("<h2>Latency of records</h2>\n<div class=\"small\">\n")
                .AppendJoin("", series.Steps.Where(step => step.LatencyHistogram.Count > 0)
                    .Select(step => TuneCharts.Latency(step).ToText())).Append("</div>\n");
        }

        return text.Append("</body></html>\n").ToString();
    }

    private static void AppendTable(StringBuilder text, TuneSeries series)
    {
        string[] lines = [.. TuneTable.Markdown(series.Steps, series.RecommendedMs)];
        text.Append("<div class=\"scroll\"><table>\n").Append(Row(lines[0], "th", "<th class=\"reason\">reason</th>"));
        foreach ((string line, StepResult step) in lines.Skip(2).Zip(series.Steps))
        {
            text.Append(Row(line, "td", $"<td class=\"reason\">{SvgChart.Escape(step.Reason)}</td>"));
        }

        text.Append("</table></div>\n");
    }

    private static string Row(string line, string tag, string last) =>
        $"<tr>{string.Concat(line.Trim('|', ' ').Split(" | ").Select(cell => $"<{tag}>{SvgChart.Escape(cell)}</{tag}>"))}{last}</tr>\n";

    private static string Markdown(TuneReport report)
    {
        var text = new StringBuilder().Append($"# Batch interval of {report.Job}\n\n{report.Machine.Text()}\n");
        foreach (TuneSeries series in report.Series)
        {
            text.Append($"\n## {series.Title()}\n\n")
                .AppendJoin('\n', TuneTable.Markdown(series.Steps, series.RecommendedMs)).Append($"\n\n{series.Advice}\n\n");
            foreach (StepResult step in series.Steps)
            {
                text.Append($"- {TuneTable.Ms(step.IntervalMs)}, {TuneTable.Name(step.Verdict)}: {step.Reason}\n");
            }
        }

        return text.Append(report.IsInterrupted ? "\nInterrupted: this is what was measured by then.\n" : "").ToString();
    }
}
