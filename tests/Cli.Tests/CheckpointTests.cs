using System.Text.Json;
using FastStream.Cli;

namespace FastStream.Tests.Cli;

/// <summary><c>faststream checkpoint</c> on directories that a job has left.</summary>
[Collection(nameof(Console))]
public sealed class CheckpointTests
{
    private const string Job =
        "context.AsyncEnumerableStream(Numbers()).Map(n => (\"sum\", n)).UpdateStateByKey<string, int, "
            + "int>((values, state) => { int sum = state.GetValueOrDefault(0); foreach (int v in values) sum += v; return sum; }).Print();";

    [Fact]
    public async Task Checkpoint_DirectoryOfAJob_IsListedShownAndWell()
    {
        using var folder = new TemporaryFolder();
        await RunJobAsync(folder);
        Tool list = await Tool.RunAsync("checkpoint", "ls", folder.Path);
        Tool show = await Tool.RunAsync("checkpoint", "show", folder.Path);
        Tool verify = await Tool.RunAsync("checkpoint", "verify", folder.Path);

        Assert.True(list.Code == ExitCode.Done, list.Errors);
        Assert.StartsWith("checkpoint  last batch", list.Out, StringComparison.Ordinal);
        Assert.Contains("state  UpdateStateByKey", show.Out, StringComparison.Ordinal);
        Assert.Contains("one every 10 ms since ", show.Out, StringComparison.Ordinal);
        Assert.True(verify.Code == ExitCode.Done, verify.Out);
        Assert.Matches(@"^\d+ checkpoints? and \d+ batches of the log are as they were written\.\n$", verify.Out);
    }

    [Fact]
    public async Task Verify_ByteOfALogThatChanged_IsNamed()
    {
        using var folder = new TemporaryFolder();
        await RunJobAsync(folder);
        string log = LogWithMost(folder);
        const int Place = 60;   // behind the file's own frame of 40 bytes: in the first batch's payload
        Flip(log, Place);
        Tool tool = await Tool.RunAsync("checkpoint", "verify", folder.Path);

        Assert.Equal(ExitCode.Unwell, tool.Code);
        Assert.Contains($"{log}: {log} is damaged at byte 40", tool.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_DataOfACheckpointThatChanged_IsNamed()
    {
        using var folder = new TemporaryFolder();
        await RunJobAsync(folder);
        string data = Directory.GetFiles(folder.Path, "data", SearchOption.AllDirectories).Order().Last();
        Flip(data, 0);
        Tool tool = await Tool.RunAsync("checkpoint", "verify", folder.Path);
        Tool json = await Tool.RunAsync("checkpoint", "ls", folder.Path, "--json");

        Assert.Equal(ExitCode.Unwell, tool.Code);
        Assert.Contains($"{data} is not as it was written.", tool.Out, StringComparison.Ordinal);
        Assert.Equal(1, JsonDocument.Parse(json.Out).RootElement.GetProperty("damage").GetArrayLength());
    }

    [Fact]
    public async Task Checkpoint_ReadingIt_ChangesNothing()
    {
        using var folder = new TemporaryFolder();
        await RunJobAsync(folder);
        (string, long, DateTime)[] before = Files(folder);
        await Tool.RunAsync("checkpoint", "verify", folder.Path);

        Assert.Equal(before, Files(folder));
    }

    [Fact]
    public async Task Checkpoint_DirectoryInUse_IsRefused()
    {
        using var folder = new TemporaryFolder();
        await using var context =
            new StreamingContext(new StreamingOptions { Checkpoint = new CheckpointOptions { Directory = folder.Path } });
        context.RateStream(1, number => number).Count().ForEachBatch((_, _) => { });
        context.Start();
        Tool tool = await Tool.RunAsync("checkpoint", "ls", folder.Path);
        await context.StopAsync(StopMode.Immediate);

        Assert.Equal(ExitCode.Failed, tool.Code);
        Assert.Contains("is in use by process", tool.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Checkpoint_NoSuchDirectory_IsRefused()
    {
        using var empty = new TemporaryFolder();
        Tool missing = await Tool.RunAsync("checkpoint", "ls", "/nowhere/at/all");
        Tool other = await Tool.RunAsync("checkpoint", "ls", empty.Path);

        Assert.Equal((ExitCode.Usage, "/nowhere/at/all is no directory; the directory of a program's checkpoints is expected.\n"),
            (missing.Code, missing.Errors));
        Assert.Equal(
            (ExitCode.Usage,
                $"{empty.Path} has neither checkpoints nor logs of batches; the directory of a program's checkpoints is expected.\n"),
                    (other.Code, other.Errors));
    }

    private static async Task RunJobAsync(TemporaryFolder folder)
    {
        using var job = new JobDll(JobDll.Of(Job));
        Tool tool = await Tool
            .RunAsync("run", job.Path, "--interval", "10ms", "--partitions", "1", "--stop-when-inputs-end", "--checkpoint", folder.Path);
        Assert.True(tool.Code == ExitCode.Done, tool.Errors);
    }

    private static string LogWithMost(TemporaryFolder folder) =>
        Directory.GetFiles(folder.Path, "*.log").MaxBy(file => new FileInfo(file).Length)!;

    private static (string, long, DateTime)[] Files(TemporaryFolder folder) =>
        [.. new DirectoryInfo(folder.Path).EnumerateFiles("*", SearchOption.AllDirectories)
            .OrderBy(file => file.FullName).Select(file => (file.FullName, file.Length, file.LastWriteTimeUtc))];

    private static void Flip(string file, int place)
    {
        byte[] bytes = File.ReadAllBytes(file);
        bytes[place] ^= 1;
        File.WriteAllBytes(file, bytes);
    }
}
