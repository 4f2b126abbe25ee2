using System.Text.Json;
using System.Xml.Linq;
using FastStream.Cli;

namespace FastStream.Tests.Cli;

/// <summary><c>faststream tune</c>: what it runs and writes. No test asks how fast this machine is.</summary>
[Collection(nameof(Console))]
public sealed class TuneTests
{
    private static readonly string[] Short = ["--from", "100ms", "--to", "100ms", "--step-time", "1s", "--partitions", "1"];

    [Theory]
    [InlineData("words", "memory")]
    [InlineData("log", "socket")]
    [InlineData("window", "file")]
    [InlineData("state", "memory")]
    public async Task Tune_BuiltInWorkload_MeasuresWhatIsSent(string workload, string source)
    {
        using var folder = new TemporaryFolder();
        Tool tool = await Tool
            .RunAsync(["tune", "--workload", workload, "--source", source, "--rate", "1k", .. Short, "--json", "--report", folder.Path]);

        JsonElement report = JsonDocument.Parse(tool.Out).RootElement;
        JsonElement step = report.GetProperty("series")[0].GetProperty("steps")[0];
        Assert.Equal($"{workload} from {source}", report.GetProperty("job").GetString());
        Assert.True(step.GetProperty("records").GetInt64() > 0);
        Assert.True(step.GetProperty("isLatencyMeasured").GetBoolean());
        Assert.Equal(100, step.GetProperty("intervalMs").GetDouble());
        Assert.Equal(["tune.html", "tune.json", "tune.md", "tune.svg"], Directory.GetFiles(folder.Path).Select(Path.GetFileName).Order());
        Assert.Equal(XName.Get("svg", "http://www.w3.org/2000/svg"), XDocument.Load(Path.Combine(folder.Path, "tune.svg")).Root!.Name);
    }

    [Fact]
    public async Task Tune_NothingButTheIntervals_HasOneSeriesWithDefaults()
    {
        Tool tool = await Tool.RunAsync("tune", "--from", "100ms", "--to", "100ms", "--step-time", "1s", "--json");

        JsonElement series = Assert.Single(JsonDocument.Parse(tool.Out).RootElement.GetProperty("series").EnumerateArray());
        Assert.Equal((Environment.ProcessorCount, 100_000),
            (series.GetProperty("partitions").GetInt32(), series.GetProperty("rate").GetInt32()));
        Assert.Contains("takes 3 s; at most 3 s left", tool.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tune_JobInAssembly_IsMeasuredAndItsLatencyEstimated()
    {
        using var job = new JobDll(JobDll.Of("context.RateStream(1_000, index => index).Count().Print();"));
        Tool tool = await Tool.RunAsync(["tune", "--job", job.Path, .. Short, "--json"]);

        JsonElement report = JsonDocument.Parse(tool.Out).RootElement;
        Assert.Equal("TheJob", report.GetProperty("job").GetString());
        Assert.False(report.GetProperty("series")[0].GetProperty("steps")[0].GetProperty("isLatencyMeasured").GetBoolean());
    }

    [Fact]
    public async Task Tune_JobThatIsSlow_IsNotStable()
    {
        // Each batch takes six intervals, by whatever clock this machine has: no speed decides.
        using var job = new JobDll(JobDll.Of(
            "context.RateStream(1_000, index => index).ForEachBatch((_, time) => { var end = "
                + "System.DateTimeOffset.UtcNow.AddMilliseconds(600); while (System.DateTimeOffset.UtcNow < end) { "
                + "System.Threading.Thread.Yield(); } });"));
        Tool tool = await Tool.RunAsync(["tune", "--job", job.Path, .. Short, "--others", "100", "--json"]);

        JsonElement series = JsonDocument.Parse(tool.Out).RootElement.GetProperty("series")[0];
        Assert.Equal("unstable", series.GetProperty("steps")[0].GetProperty("verdict").GetString());
        Assert.Equal(ExitCode.Unwell, tool.Code);
        Assert.StartsWith("No interval was stable.", series.GetProperty("advice").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tune_SeveralSettings_RunInChildrenWithTheirOwn()
    {
        Tool tool = await Tool.RunAsync(
            ["tune", "--rate", "1k", "--from", "100ms", "--to", "100ms", "--step-time", "1s", "--partitions", "1,2",
                "--gc", "workstation-nonconcurrent,server", "--json"]);

        JsonElement report = JsonDocument.Parse(tool.Out).RootElement;
        Assert.Equal(
            ["1 workstation-nonconcurrent", "1 server", "2 workstation-nonconcurrent", "2 server"],
            report.GetProperty("series").EnumerateArray()
                .Select(series => $"{series.GetProperty("partitions").GetInt32()} {series.GetProperty("gc").GetString()}"));
    }

    [Fact]
    public async Task Tune_JobThatFails_SaysSo()
    {
        using var job =
            new JobDll(JobDll.Of("context.RateStream(1_000, index => index == 50 ? throw new "
            + "System.FormatException(\"fifty\") : index).Count().Print();"));
        Tool tool = await Tool.RunAsync(["tune", "--job", job.Path, .. Short]);

        Assert.Equal(ExitCode.Failed, tool.Code);
        Assert.Contains("fifty", tool.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tune_Interrupted_KeepsWhatItHas()
    {
        using var stop = new CancellationTokenSource();
        var progress = new StopAfterOneStep(stop);
        using var job = new WorkloadJob(Workload.Named("log"), "memory", 1_000);
        var options = new TuneOptions { From = TimeSpan.FromMilliseconds(100), StepTime = TimeSpan.FromSeconds(1), OthersLimit = 1 };
        TuneSeries series = await SeriesRunner.RunAsync(job, options, 1, 1_000, progress, stop.Token);

        Assert.Single(series.Steps);
        Assert.NotEmpty(series.Advice);
    }

    [Fact]
    public async Task Tune_JobWithRate_IsRefused()
    {
        Tool tool = await Tool.RunAsync("tune", "--job", "a.dll", "--rate", "1k");

        Assert.Equal(ExitCode.Usage, tool.Code);
        Assert.StartsWith("--job is given together with --workload, --source or --rate", tool.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_ReportOfMadeSteps_HasChartsAndTables()
    {
        using var folder = new TemporaryFolder();
        StepResult[] steps = [IntervalSearchTests.Step(100, 40), IntervalSearchTests.Step(50, 30),
            IntervalSearchTests.Step(25, 30, VerdictKind.Unstable)];
        TuneSeries series = new()
            { Partitions = 2, Gc = "workstation", Rate = 10_000, Steps = steps, RecommendedMs = 50, Advice = "Take <50 ms>." };
        TuneFiles.Write(
            new TuneReport { Job = "a & b", Machine = new MachineFacts("cpu", 2, "os", ".NET", "workstation"),
                StartedAt = DateTimeOffset.UnixEpoch, Margin = 0.25, Series = [series, series with { Gc = "server" }] },
            folder.Path);

        XElement svg = XDocument.Load(Path.Combine(folder.Path, "tune.svg")).Root!;
        string[] texts = [.. svg.Descendants().Where(each => each.Name.LocalName == "text").Select(each => each.Value)];
        Assert.Contains("a & b: 10,000 records/s, 2 partitions, workstation", texts);
        Assert.Contains("take 50 ms", texts);
        Assert.Equal(["✓", "✓", "✗"], texts.Where(text => text is "✓" or "✗"));
        Assert.Equal(4 * 3, svg.Descendants().Count(each => each.Name.LocalName == "circle"));
        string page = File.ReadAllText(Path.Combine(folder.Path, "tune.html"));
        Assert.Contains("Take &lt;50 ms>.", page, StringComparison.Ordinal);
        Assert.Equal(1 + (2 * (2 + 3)), page.Split("<svg").Length - 1);
        Assert.Contains("| 50 ms ◀ | stable |", File.ReadAllText(Path.Combine(folder.Path, "tune.md")), StringComparison.Ordinal);
    }

    private sealed class StopAfterOneStep(CancellationTokenSource stop) : ITuneProgress
    {
        public void WarmsUp()
        {
        }

        public void Begins(TimeSpan interval, TimeSpan expected, TimeSpan ahead)
        {
        }

        public void Ends(StepResult step) => stop.Cancel();
    }
}
