using System.Globalization;

namespace FastStream.Cli;

/// <summary>The charts of a tuning.</summary>
internal static class TuneCharts
{
    /// <summary>
    /// Interval on x; processing time and latency on y; the line on which processing takes the whole interval; and the
    /// recommendation.
    /// </summary>
    public static SvgChart Stability(string title, TuneSeries series)
    {
        IReadOnlyList<StepResult> steps = series.Steps;
        SvgScale x = SvgScale.Logarithmic("batch interval", steps.Select(step => step.IntervalMs), TuneTable.Ms);
        SvgScale y = SvgScale.Logarithmic(
            "time", steps.SelectMany(
                step => new[] { step.ProcessingMs.P50, step.ProcessingMs.P95, step.LatencyMs.P50, step.LatencyMs.P99, step.IntervalMs }),
                    TuneTable.Ms, room: 2.5);
        var chart = new SvgChart(title, x, y);
        double from = Math.Max(x.Least, y.Least);
        double to = Math.Min(x.Most, y.Most);
        chart.ShadeAbove("unstable", from, from, to, to);
        chart.Bound("processing = interval", "limit", from, from, to, to);
        chart.Series("processing p50", "a", steps.Select(step => (step.IntervalMs, step.ProcessingMs.P50)));
        chart.Series("processing p95", "b", steps.Select(step => (step.IntervalMs, step.ProcessingMs.P95)));
        chart.Series("latency p50", "c", steps.Select(step => (step.IntervalMs, step.LatencyMs.P50)));
        chart.Series("latency p99", "d", steps.Select(step => (step.IntervalMs, step.LatencyMs.P99)));
        foreach (StepResult step in steps)
        {
            chart.Note(step.IntervalMs, step.IsStable() ? "✓" : "✗", step.IsStable() ? "stable" : "unwell");
        }

        if (series.RecommendedMs is { } best)
        {
            chart.Mark(best, $"take {TuneTable.Ms(best)}", "best");
        }

        return chart;
    }

    /// <summary>The distribution of the records' latency.</summary>
    public static SvgChart Latency(StepResult step)
    {
        IReadOnlyList<double[]> bars = step.LatencyHistogram;
        double records = Math.Max(1, bars.Sum(bar => bar[1]));
        SvgScale x = SvgScale.Logarithmic("latency", bars.Select(bar => bar[0]), TuneTable.Ms);
        SvgScale y =
            SvgScale.Linear("part of the records", bars.Select(bar => bar[1] / records),
                part => string.Create(CultureInfo.InvariantCulture, $"{part:0.#%}"));
        var chart = new SvgChart(
            $"Every {TuneTable.Ms(step.IntervalMs)}, {TuneTable.Name(step.Verdict)}: p50 "
            + $"{TuneTable.Ms(step.LatencyMs.P50)}, p99 {TuneTable.Ms(step.LatencyMs.P99)}", x, y, 300);
        chart.Bars("a", bars
            .Select((bar, index) => (index == 0 ? x.Least : Math.Max(bars[index - 1][0], bar[0] / 1.035), bar[0], bar[1] / records)));
        return chart;
    }

    /// <summary>How many times the work of a batch fits into the interval: how much more could be sent.</summary>
    public static SvgChart Headroom(TuneSeries series)
    {
        SvgScale x = SvgScale.Logarithmic("batch interval", series.Steps.Select(step => step.IntervalMs), TuneTable.Ms);
        SvgScale y =
            SvgScale.Logarithmic("records a second",
                series.Steps.SelectMany(step => new[] { step.RecordsPerSecond, Bearable(step) }), Rate);
        var chart = new SvgChart("Throughput: what was taken, and what the p95 of the processing time leaves room for", x, y, 320);
        chart.Series("taken", "a", series.Steps.Select(step => (step.IntervalMs, step.RecordsPerSecond)));
        chart.Series("room", "c", series.Steps.Select(step => (step.IntervalMs, Bearable(step))));
        return chart;
    }

    /// <summary>The recommended intervals of several series, side by side.</summary>
    public static string Series(TuneReport report) => SvgBars.Of(
        "Recommended interval by setting",
        report.Series.Select(
            series => (series.Title(), series.RecommendedMs ?? 0, series.RecommendedMs is { } best
                ? TuneTable.Ms(best) : "none was stable")));

    private static double Bearable(StepResult step) => step.RecordsPerSecond * step.Headroom;

    private static string Rate(double value) => value switch
    {
        >= 1e6 => (value / 1e6).ToString("0.##", CultureInfo.InvariantCulture) + " M",
        >= 1e3 => (value / 1e3).ToString("0.##", CultureInfo.InvariantCulture) + " k",
        _ => value.ToString("0.##", CultureInfo.InvariantCulture),
    };
}
