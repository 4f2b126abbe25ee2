using System.Text.Json;
using FastStream.Cli;

namespace FastStream.Tests.Cli;

/// <summary><c>faststream doctor</c> and <c>demo</c>.</summary>
[Collection(nameof(Console))]
public sealed class DoctorTests
{
    [Fact]
    public async Task Doctor_ThisMachine_SaysWhatEachMeans()
    {
        using var folder = new TemporaryFolder();
        Tool tool = await Tool.RunAsync("doctor", folder.Path, "--json");

        JsonElement[] findings = [.. JsonDocument.Parse(tool.Out).RootElement.GetProperty("findings").EnumerateArray()];
        string[] names = [.. findings.Select(finding => finding.GetProperty("name").GetString()!)];
        Assert.Superset(new HashSet<string> { "processors", "collector", "timer", "fsync", "free space" }, new HashSet<string>(names));
        Assert.All(findings, finding => Assert.NotEqual("", finding.GetProperty("meaning").GetString()));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task Doctor_NoDirectory_SaysSo()
    {
        Tool tool = await Tool.RunAsync("doctor", "/nowhere/at/all");
        Assert.Equal(
            (ExitCode.Usage,
                "/nowhere/at/all is no directory; the one in which checkpoints would be, or the one above it, is expected.\n"),
                    (tool.Code, tool.Errors));
    }

    [Theory]
    [InlineData("Max open files            256                  4096                 files", "256", nameof(Health.Bad))]
    [InlineData("Max open files            1024                 4096                 files", "1,024", nameof(Health.Mind))]
    [InlineData("Max cpu time              unlimited\nMax open files            1048576              1048576 "
        + "             files", "1,048,576", nameof(Health.Well))]
    [InlineData("Max open files            unlimited            unlimited            files", "no limit", nameof(Health.Well))]
    public void OpenFiles_TextOfLimits_IsJudged(string limits, string value, string health)
    {
        Finding finding = MachineChecks.OpenFiles(limits);
        Assert.Equal((value, health), (finding.Value, finding.Health.ToString()));
    }

    [Theory]
    [InlineData("always [madvise] never", "madvise", nameof(Health.Well))]
    [InlineData("[always] madvise never", "always", nameof(Health.Mind))]
    public void HugePages_Text_IsJudged(string text, string value, string health)
    {
        Finding finding = MachineChecks.HugePages(text);
        Assert.Equal((value, health), (finding.Value, finding.Health.ToString()));
    }

    [Fact]
    public void Disk_SlowOne_IsJudged()
    {
        Assert.Equal(Health.Well, MachineChecks.Disk("/d", TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(9)).Health);
        Finding slow = MachineChecks.Disk("/d", TimeSpan.FromMilliseconds(60), TimeSpan.FromMilliseconds(90));
        Assert.Equal(Health.Bad, slow.Health);
        Assert.Contains("an interval below 240 ms", slow.Meaning, StringComparison.Ordinal);
    }

    [Fact]
    public void Others_Values_AreJudged()
    {
        Assert.Equal(Health.Well, MachineChecks.Clock("tsc").Health);
        Assert.Equal(Health.Mind, MachineChecks.Clock("hpet").Health);
        Assert.Equal(Health.Mind, MachineChecks.Collector(isServer: false, isConcurrent: false, 4).Health);
        Assert.Equal(Health.Mind, MachineChecks.Processors(1).Health);
        Assert.Equal(Health.Bad, MachineChecks.Space("/d", 500_000_000).Health);
        Assert.Equal(Health.Mind, MachineChecks.Timer(TimeSpan.FromMilliseconds(15)).Health);
    }

    [Fact]
    public async Task Demo_WithoutSetUp_RunsTheLogMonitorWithAPage()
    {
        Tool tool = await Tool.RunAsync("demo", "--duration", "3s", "--interval", "100ms", "--dashboard", "0", "--json");

        JsonElement[] lines = tool.JsonLines();
        Assert.Equal(ExitCode.Done, tool.Code);
        Assert.Equal("log-monitor", lines[0].GetProperty("job").GetString());
        Assert.StartsWith("http://127.0.0.1:", lines[0].GetProperty("dashboard").GetString(), StringComparison.Ordinal);
        Assert.True(lines[^1].GetProperty("records").GetInt64() > 0);
        Assert.Equal(0, lines[^1].GetProperty("failed").GetInt64());
    }
}
