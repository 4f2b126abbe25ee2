using System.Text.Json;
using FastStream.Cli;

namespace FastStream.Tests.Cli;

/// <summary><c>faststream run</c>.</summary>
[Collection(nameof(Console))]
public sealed class RunTests
{
    [Fact]
    public async Task Run_JobInAssembly_RunsUntilItsInputsEnd()
    {
        using var job = new JobDll(JobDll.ThreeNumbers);
        Tool tool = await Tool.RunAsync("run", job.Path, "--interval", "10ms", "--partitions", "1", "--stop-when-inputs-end", "--json");

        Assert.True(tool.Code == ExitCode.Done, tool.Errors);
        Assert.Contains("\n7\n", tool.Errors, StringComparison.Ordinal);   // what the job prints, apart from the JSON
        JsonElement[] lines = [.. tool.Out.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal("ThreeNumbers", lines[0].GetProperty("job").GetString());
        Assert.Equal(3, lines.Where(line => line.GetProperty("event").GetString() == "batch").Sum(line => line.GetProperty("records").GetInt64()));
        Assert.Equal(3, lines[^1].GetProperty("records").GetInt64());
        Assert.Equal("ended", lines[^1].GetProperty("event").GetString());
    }
}
