using System.Text.Json;
using FastStream.Cli;

namespace FastStream.Tests.Cli;

/// <summary><c>faststream bench</c>. No test asks how fast this machine is.</summary>
[Collection(nameof(Console))]
public sealed class BenchTests
{
    [Fact]
    public async Task Bench_Workload_IsTimedAndCompared()
    {
        using var folder = new TemporaryFolder();
        Tool first = await Tool.RunAsync("bench", "--workloads", "words", "--step-time", "100ms", "--json");
        Tool second =
            await Tool.RunAsync("bench", "--workloads", "words", "--step-time", "100ms", "--compare",
                folder.Write("before.json", first.Out));

        JsonElement result = Assert.Single(JsonDocument.Parse(first.Out).RootElement.GetProperty("results").EnumerateArray());
        Assert.True(result.GetProperty("nanosecondsPerRecord").GetDouble() > 0);
        Assert.Contains("| words | ", second.Out, StringComparison.Ordinal);
        Assert.Matches(@"\nwords: ×\d+\.\d\d ± \d+\.\d\d, ", second.Out);
    }

    [Fact]
    public async Task Bench_FileThatIsNoResult_IsRefusedBeforeAnythingRuns()
    {
        using var folder = new TemporaryFolder();
        Tool tool = await Tool.RunAsync("bench", "--compare", folder.Write("before.json", "no JSON"));

        Assert.Equal(ExitCode.Usage, tool.Code);
        Assert.DoesNotContain("Warming up", tool.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_Rounds_IsTheirMiddleAndSpread()
    {
        BenchResult result = BenchJudge.Of("words", [new(100, 1, 0.01), new(110, 2, 0.02), new(90, 0, null)], bytesPerRecord: 50);
        Assert.Equal((100, 500, 1, 0.2, 0.02),
            (result.NanosecondsPerRecord, result.MegabytesPerSecond, result.AllocatedBytesPerRecord, result.Spread, result.OthersCpu));
    }

    [Fact]
    public void Noise_OthersOrSpread_AreNamed()
    {
        BenchResult quiet = BenchJudge.Of("words", [new(100, 0, 0.01), new(101, 0, 0.01)], 50);
        Assert.Null(BenchJudge.Noise(quiet));
        Assert.Equal("words: other processes used 30 % of the machine; less than 5 % is expected",
            BenchJudge.Noise(quiet with { OthersCpu = 0.3 }));
        Assert.Equal("words: rounds differ by 40 %; less than 10 % is expected", BenchJudge.Noise(quiet with { Spread = 0.4 }));
    }

    [Fact]
    public void Compare_WithinAndBeyondTheSpread_IsSaid()
    {
        BenchResult before = BenchJudge.Of("words", [new(100, 0, 0), new(100, 0, 0)], 50) with { Spread = 0.05 };
        Assert.Equal("words: ×1.02 ± 0.05, no difference beyond the spread (100 → 98 ns a record)",
            BenchJudge.Compare(before with { NanosecondsPerRecord = 98 }, before));
        Assert.Equal("words: ×2.00 ± 0.05, faster (100 → 50 ns a record)",
            BenchJudge.Compare(before with { NanosecondsPerRecord = 50 }, before));
        Assert.Equal("words: ×0.50 ± 0.05, slower (100 → 200 ns a record)",
            BenchJudge.Compare(before with { NanosecondsPerRecord = 200 }, before));
    }
}
