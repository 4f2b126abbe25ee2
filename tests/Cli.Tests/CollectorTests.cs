using System.Text.Json;
using FastStream.Cli;

namespace FastStream.Tests.Cli;

/// <summary><c>faststream gc</c>.</summary>
[Collection(nameof(Console))]
public sealed class CollectorTests
{
    [Fact]
    public async Task Gc_EveryMode_RunsWithItsSettings()
    {
        string[] modes = ["workstation-nonconcurrent", "server", "workstation+gen0-64-MB", "workstation+conserve-5", "workstation+no-PGO"];
        Tool tool = await Tool
            .RunAsync("gc", "--jobs", "strings", "--modes", string.Join(",", modes), "--rate", "1k", "--step-time", "200ms", "--json");

        var found = JsonDocument.Parse(tool.Out).RootElement.GetProperty("results").EnumerateArray()
            .ToDictionary(result => result.GetProperty("mode").GetString()!, result => result.GetProperty("runtime").GetString()!);
        Assert.Equal(modes.Length, found.Count);
        Assert.StartsWith("Batch, ServerGC False", found["workstation-nonconcurrent"], StringComparison.Ordinal);
        Assert.StartsWith("Interactive, ServerGC True", found["server"], StringComparison.Ordinal);
        Assert.Contains("GCgen0size 4000000", found["workstation, gen0 64 MB"], StringComparison.Ordinal);
        Assert.Contains("TieredPGO False", found["workstation, no PGO"], StringComparison.Ordinal);
        Assert.Contains("GCConserveMem 5", found["workstation, conserve 5"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("state")]
    public async Task Gc_OtherJobs_AreMeasured(string job)
    {
        Tool tool = await Tool.RunAsync("gc", "--jobs", job, "--modes", "workstation", "--rate", "1k", "--step-time", "200ms", "--json");

        JsonElement result = Assert.Single(JsonDocument.Parse(tool.Out).RootElement.GetProperty("results").EnumerateArray());
        Assert.True(result.GetProperty("recordsPerSecond").GetDouble() > 0);
        Assert.True(result.GetProperty("heapMegabytes").GetDouble() > 0);
    }

    [Fact]
    public async Task Gc_Lines_AreReadyToPaste()
    {
        Tool server = await Tool.RunAsync("gc", "--lines", "server-fixed");
        Tool conserve = await Tool.RunAsync("gc", "--lines", "workstation+conserve-5");

        Assert.Equal(
            """
            In the project, for server-fixed:
            <PropertyGroup>
              <ServerGarbageCollection>true</ServerGarbageCollection>
              <ConcurrentGarbageCollection>true</ConcurrentGarbageCollection>
              <GarbageCollectionAdaptationMode>0</GarbageCollectionAdaptationMode>
            </PropertyGroup>

            Or in runtimeconfig.template.json beside the project, or runtimeconfig.json beside the program:
            "configProperties": {
              "System.GC.Server": true,
              "System.GC.Concurrent": true,
              "System.GC.DynamicAdaptationMode": 0
            }

            """.ReplaceLineEndings("\n"),
            server.Out);
        Tool gen0 = await Tool.RunAsync("gc", "--lines", "workstation+gen0-64-MB");
        Assert.EndsWith("there is no other place for it:\nexport DOTNET_GCgen0size=4000000\n", gen0.Out, StringComparison.Ordinal);
        Assert.Contains("<ItemGroup><RuntimeHostConfigurationOption Include=\"System.GC.ConserveMemory\" Value=\"5\" /></ItemGroup>",
            conserve.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Choose_DefaultThatIsNearlyAsGood_IsTaken()
    {
        CollectorResult usual = Result("usual", 100, 10);
        Assert.Equal((usual, usual), CollectorTable.Choose([usual, Result("other", 105, 9.5)]));
    }

    [Fact]
    public void Choose_OthersThatAreBetter_AreTaken()
    {
        CollectorResult even = Result("even", 50, 2);
        CollectorResult fast = Result("fast", 200, 30);
        Assert.Equal((even, fast), CollectorTable.Choose([Result("usual", 100, 10), even, fast]));
    }

    [Fact]
    public void Html_MadeResults_HasThreeChartsForEachJob()
    {
        string page = CollectorTable.Html(new CollectorReport
        {
            Machine = new MachineFacts("cpu", 2, "os", ".NET", "workstation"),
            StartedAt = DateTimeOffset.UnixEpoch,
            IntervalMs = 100,
            SteadyRate = 1_000,
            Results = [Result("usual", 100, 10), Result("fast", 200, 30)],
        });
        Assert.Equal(3, page.Split("<svg").Length - 1);
        Assert.Contains("nothing: usual for even latency (p99 10 ms), fast for throughput (200 records/s).", page,
            StringComparison.Ordinal);
    }

    private static CollectorResult Result(string mode, double throughput, double latency) => new()
    {
        Job = "nothing",
        Mode = mode,
        RecordsPerSecond = throughput,
        Pauses = 3,
        PauseP50Ms = 1,
        PauseP99Ms = 2,
        PauseMaxMs = 3,
        PauseShare = 0.01,
        AllocatedBytesPerRecord = 1,
        HeapMegabytes = 10,
        LatencyP50Ms = latency / 2,
        LatencyP99Ms = latency,
        Steady = VerdictKind.Stable,
        Runtime = "Interactive",
    };
}
