using System.Runtime.CompilerServices;
using System.Text.Json;
using FastStream.Cli;

namespace FastStream.Tests.Cli;

/// <summary><c>faststream run</c>.</summary>
[Collection(nameof(Console))]
public sealed class RunTests
{
    private static readonly string[] Short = ["--interval", "10ms", "--partitions", "1", "--stop-when-inputs-end"];

    [Fact]
    public async Task Run_JobInAssembly_RunsUntilItsInputsEnd()
    {
        using var job = new JobDll(JobDll.ThreeNumbers);
        Tool tool = await Tool.RunAsync(["run", job.Path, .. Short, "--json"]);

        Assert.True(tool.Code == ExitCode.Done, tool.Errors);
        Assert.Contains("\n7\n", tool.Errors, StringComparison.Ordinal);   // what the job prints, apart from the JSON
        JsonElement[] lines = tool.JsonLines();
        Assert.Equal("ThreeNumbers", lines[0].GetProperty("job").GetString());
        Assert.Equal(3, lines.Where(line => line.GetProperty("event").GetString() == "batch")
            .Sum(line => line.GetProperty("records").GetInt64()));
        Assert.Equal(3, lines[^1].GetProperty("records").GetInt64());
        Assert.Equal("ended", lines[^1].GetProperty("event").GetString());
    }

    [Fact]
    public async Task Run_WithoutTerminal_SaysLinesAndASum()
    {
        using var job = new JobDll(JobDll.ThreeNumbers);
        Tool tool = await Tool.RunAsync(["run", job.Path, .. Short]);

        Assert.Equal(ExitCode.Done, tool.Code);
        Assert.StartsWith("ThreeNumbers runs, every 10 ms. Ctrl-C stops it well.\n", tool.Errors, StringComparison.Ordinal);
        Assert.Matches(@"\n\d+ batches, 3 records, 0 failed; processing p50 .* of 10 ms; scheduling delay p95 .*\.\n$", tool.Errors);
    }

    [Fact]
    public async Task Run_JobThatFails_EndsWithOneAndItsMessage()
    {
        using var job =
            new JobDll(JobDll.Of("context.AsyncEnumerableStream(Numbers()).Map(n => n == 4 ? throw new "
            + "System.FormatException(\"four is bad\") : n).Print();"));
        Tool tool = await Tool.RunAsync(["run", job.Path, .. Short]);

        Assert.Equal(ExitCode.Failed, tool.Code);
        Assert.Contains("four is bad", tool.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("throw new System.FormatException(\"no port\");", "TheJob failed while it described its streams: no port")]
    [InlineData("context.AsyncEnumerableStream(Numbers()).Map(n => n);", "TheJob describes no output")]
    public async Task Run_JobThatDescribesNothing_SaysWhy(string describe, string expected)
    {
        using var job = new JobDll(JobDll.Of(describe));
        Tool tool = await Tool.RunAsync(["run", job.Path, .. Short]);

        Assert.Equal(ExitCode.Failed, tool.Code);
        Assert.StartsWith(expected, tool.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_AssemblyThatIsNotThere_SaysWhatIsExpected()
    {
        Tool tool = await Tool.RunAsync("run", "/nowhere/Job.dll");

        Assert.Equal(ExitCode.Usage, tool.Code);
        Assert.Equal(
            "/nowhere/Job.dll is not there; an assembly with a class that implements IStreamJob is expected. Build "
            + "it first, or give its project.\n", tool.Errors);
    }

    [Fact]
    public async Task Run_NoAssembly_SaysSo()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("text.dll", "no assembly");
        Tool tool = await Tool.RunAsync("run", file);

        Assert.Equal(ExitCode.Usage, tool.Code);
        Assert.StartsWith($"{file} is no .NET assembly; ", tool.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_AssemblyWithoutJob_SaysSo()
    {
        using var job = new JobDll("public class Other { }");
        Tool withoutCore = await Tool.RunAsync("run", job.Path);
        using var core = new JobDll("public class Other { public FastStream.BatchTime Time; }");
        Tool withCore = await Tool.RunAsync("run", core.Path);

        Assert.Equal((ExitCode.Usage, ExitCode.Usage), (withoutCore.Code, withCore.Code));
        Assert.StartsWith($"{job.Path} does not use FastStream.Core", withoutCore.Errors, StringComparison.Ordinal);
        Assert.StartsWith($"{core.Path} has no class that implements IStreamJob", withCore.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_SeveralJobs_AsksForOneAndTakesIt()
    {
        using var job =
            new JobDll($"{JobDll.ThreeNumbers}\n namespace Other {{ public class Second : IStreamJob {{ public void "
            + "Describe(StreamingContext context) => throw new System.Exception(\"second\"); } }");
        Tool any = await Tool.RunAsync("run", job.Path);
        Tool first = await Tool.RunAsync(["run", job.Path, "--class", "ThreeNumbers", .. Short]);
        Tool second = await Tool.RunAsync(["run", job.Path, "--class", "Other.Second", .. Short]);
        Tool third = await Tool.RunAsync(["run", job.Path, "--class", "Third", .. Short]);

        Assert.Equal((ExitCode.Usage, $"{job.Path} has 2 jobs: Other.Second, ThreeNumbers. Choose one by --class.\n"),
            (any.Code, any.Errors));
        Assert.Equal(ExitCode.Done, first.Code);
        Assert.Contains("second", second.Errors, StringComparison.Ordinal);
        Assert.Equal($"{job.Path} has no job named Third; --class is expected to be one of: Other.Second, ThreeNumbers.\n", third.Errors);
    }

    [Theory]
    [InlineData("--interval", "0.5ms")]
    [InlineData("--partitions", "0")]
    [InlineData("--gc", "some")]
    [InlineData("--nothing", "1")]
    public async Task Run_WrongOption_EndsWithTwoBeforeAnythingRuns(string option, string value)
    {
        Tool tool = await Tool.RunAsync("run", "/nowhere/Job.dll", option, value);

        Assert.Equal(ExitCode.Usage, tool.Code);
        Assert.DoesNotContain("/nowhere/Job.dll is not there", tool.Errors, StringComparison.Ordinal);
        Assert.EndsWith("`faststream run --help` says what is expected.\n", tool.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WithCollectorMode_HasItInAChild()
    {
        using var job =
            new JobDll(JobDll.Of("context.AsyncEnumerableStream(Numbers()).Map(n => $\"server "
            + "{System.Runtime.GCSettings.IsServerGC} {System.Runtime.GCSettings.LatencyMode}\").Print();"));
        Tool tool = await Tool.RunAsync(["run", job.Path, .. Short, "--gc", "server-nonconcurrent"]);

        Assert.True(tool.Code == ExitCode.Done, tool.Errors);
        Assert.Contains("\nserver True Batch\n", tool.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WithCheckpoint_GoesOnFromIt()
    {
        using var folder = new TemporaryFolder();
        using var job = new JobDll(JobDll.Of(
            "context.AsyncEnumerableStream(Numbers()).Map(n => (\"sum\", n)).UpdateStateByKey<string, int, "
                + "int>((values, state) => { int sum = state.GetValueOrDefault(0); foreach (int v in values) sum += "
                + "v; return sum; }).Print();"));
        string[] line = ["run", job.Path, .. Short, "--checkpoint", folder.Path];
        Tool first = await Tool.RunAsync([.. line, "--json"]);
        Tool second = await Tool.RunAsync([.. line, "--json"]);

        Assert.True(second.Code == ExitCode.Done, first.Errors + second.Errors);
        Assert.Contains("(sum,7)", first.Errors, StringComparison.Ordinal);
        Assert.Contains("(sum,14)", second.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_JobThatIsDone_IsUnloaded()
    {
        using var job = new JobDll(JobDll.ThreeNumbers);
        WeakReference assembly = await RunOnceAsync(job.Path);
        for (int i = 0; i < 100 && assembly.IsAlive; i++)
        {
            await Task.Yield();   // what the last thread of the context holds goes with its turn
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.False(assembly.IsAlive, "something static holds the job's assembly");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Task<WeakReference> RunOnceAsync(string file)
    {
        var options = new RunOptions { Job = file, Interval = TimeSpan.FromMilliseconds(10), Partitions = 2, StopsWhenInputsEnd = true };
        return JobRun.RunAsync(options, file,
            new LineRunView(new CommandOutput(TextWriter.Null, TextWriter.Null, false), options.Interval), CancellationToken.None);
    }
}
