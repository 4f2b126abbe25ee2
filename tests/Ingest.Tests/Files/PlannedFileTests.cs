namespace FastStream.Tests;

/// <summary>
/// Files that batches were planned with, or that were read by half, and that are not there any more, or not as they
/// were, when the program starts again.
/// </summary>
public sealed class PlannedFileTests : FileRestartTest
{
    private const string Content = "one\ntwo\n";

    [Theory]
    [InlineData("gone", "there is no such file any more")]
    [InlineData("renamed", "there is no such file any more")]
    [InlineData("truncated", "it was written to since, with 4 bytes")]
    [InlineData("appended", "it was written to since, with 14 bytes")]
    [InlineData("overwritten", "it was written to since, with 8 bytes")]
    [InlineData("replaced", "another file is in its place, with 8 bytes")]
    [InlineData("directory", "there is no such file any more")]
    public async Task Restart_PlannedFileIsNotAsItWas_RefusesTheStart(string fate, string expected)
    {
        string path = await FailAtAsync();
        Befall(path, fate);
        string message = Refuse(10);
        Assert.StartsWith($"{path} has bytes 0 to 8 of a batch that was planned before the program stopped, and {expected}", message,
            StringComparison.Ordinal);
        Assert.Contains("; 8 bytes of 2023-11-14 22:13:20.1000000", message);
        Assert.Contains("Move that file back as it was", message);
    }

    [Fact]
    public async Task Restart_PlannedFileComesBack_RunsItsBatch()
    {
        string path = await FailAtAsync();
        string aside = PathOf(".aside");
        File.Move(path, aside);
        Refuse(10);
        Refuse(12);
        File.Move(aside, path);
        await using InputRun<string> run = Run(14);
        Assert.Equal(["one", "two"], await run.RecoverAsync());
        await run.StopAsync();
    }

    [Fact]
    public async Task Restart_FileOfABatchThatWasDone_IsNeededByStatesUntilTheNextCheckpoint()
    {
        string path;
        await using (InputRun<string> first = RunWithState(0))
        {
            path = Put("a", Content, Start + 100);
            Assert.Equal(2, (await first.TickAsync()).Count);
            await first.StopAsync(StopMode.Immediate);
        }

        File.Move(path, PathOf(".aside"));
        Assert.Throws<InvalidDataException>(() => RunWithState(8));
        File.Move(PathOf(".aside"), path);
        await using (InputRun<string> second = RunWithState(10))
        {
            Assert.Empty(await second.RecoverAsync());
            await second.StopAsync(StopMode.Graceful);
        }

        File.Delete(path);
        await using InputRun<string> third = RunWithState(20);
        await third.RecoverAsync();
        await third.StopAsync();
        Assert.Empty(third.Records);
    }

    [Fact]
    public async Task Restart_FileOfABatchThatWasDone_IsNotNeededWithoutStates()
    {
        await using (InputRun<string> first = Run(0))
        {
            Put("a", Content, Start + 100);
            Assert.Equal(2, (await first.TickAsync()).Count);
            await first.StopAsync(StopMode.Immediate);
        }

        File.Delete(PathOf("a"));
        await using InputRun<string> second = Run(10);
        Assert.Empty(await second.RecoverAsync());
        await second.StopAsync();
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("truncated")]
    public async Task Restart_FileOfABatchThatWasGivenUp_IsNotNeeded(string fate)
    {
        var forgiving = new StreamingOptions { Partitions = 1, OnBatchFailure = BatchFailurePolicy.ReportAndContinue };
        string path = PathOf("a");
        await using (InputRun<string> first = InputRun<string>.Start(
            context => context.TextFileStream(Folder)
                .Map(line => line.ToString().Length == 3 ? throw new FormatException("The line fails.") : ""),
                Options(streaming: forgiving), ClockAt(0)))
        {
            Put("a", Content, Start + 100);
            await first.TickAsync();
            await first.StopAsync(StopMode.Immediate);
        }

        Befall(path, fate);
        await using InputRun<string> second = Run(10, streaming: forgiving);
        Assert.Empty(await second.RecoverAsync());
        Put("b", "b\n", Start + 10_500);
        Assert.Equal(["b"], await second.TickAsync());
        await second.StopAsync();
    }

    [Theory]
    [InlineData("gone", "there is no such file any more")]
    [InlineData("truncated", "it was written to since, with 4 bytes")]
    [InlineData("appended", "it was written to since, with 18 bytes")]
    [InlineData("replaced", "another file is in its place, with 8 bytes")]
    public async Task Restart_FileReadByHalfIsNotAsItWas_RefusesTheStart(string fate, string expected)
    {
        var options = new FileSourceOptions { MaxBytesPerBatch = 4 };
        string path = await ReadTwoOfThreeLinesAsync(options);
        Befall(path, fate);
        Assert.StartsWith($"{path} was read up to byte 8, and {expected}", Refuse(10, options), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restart_FileReadByHalfComesBack_ReadsItsRest()
    {
        var options = new FileSourceOptions { MaxBytesPerBatch = 4 };
        string path = await ReadTwoOfThreeLinesAsync(options);
        File.Move(path, PathOf(".aside"));
        Refuse(10, options);
        File.Move(PathOf(".aside"), path);
        await using InputRun<string> second = Run(20, options);
        Assert.Equal(["six"], await second.RecoverAsync());
        await second.StopAsync();
    }

    [Fact]
    public async Task Run_PlannedFileGoesAfterTheStart_FailsItsBatch()
    {
        string path = await FailAtAsync();
        await using InputRun<string> run = InputRun<string>.Start(
            context =>
            {
                DStream<string> lines = context.TextFileStream(Folder).Map(line => line.ToString());

                // Starts behind the files' input, which has looked at its files then.
                new OnStart(context, () => File.Delete(path)).Register();
                return lines;
            },
            Options(),
            ClockAt(10));
        await run.TryTickAsync();
        var failure = await Assert.ThrowsAsync<StreamingException>(() => run.Context.Completion.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains("there is no such file any more", failure.Message);
        await run.Context.DisposeAsync();
        Assert.Equal(0, run.Context.Blocks.RentedBlocks);
    }

    [Fact]
    public async Task Restart_AnotherDetection_IsRefused()
    {
        await using (InputRun<string> first = Run(0))
        {
            await first.TickAsync();
            await first.StopAsync();
        }

        var error = Assert.Throws<InvalidOperationException>(() => Run(10, new FileSourceOptions { Detection = FileDetection.Arrival }));
        Assert.Contains("knew new files by ModificationTime when it was saved, and FileSourceOptions.Detection is Arrival now",
            error.Message);
    }

    // Runs one batch of one file, whose output fails.
    private async Task<string> FailAtAsync()
    {
        await using InputRun<string> first = Run(0, output: FailWhereThereAreRecords);
        string path = Put("a", Content, Start + 100);
        await first.FailAsync();
        return path;
    }

    // Every batch has a line, and is in a checkpoint.
    private async Task<string> ReadTwoOfThreeLinesAsync(FileSourceOptions options)
    {
        await using InputRun<string> first = Run(0, options, saves: true);
        string path = Put("a", "one\ntwo\nsix\n", Start + 100);
        Assert.Equal(["one"], await first.TickAsync());
        Assert.Equal(["two"], await first.TickAsync());
        await first.StopAsync(StopMode.Immediate);
        return path;
    }

    private void Befall(string path, string fate)
    {
        switch (fate)
        {
            case "gone":
                File.Delete(path);
                break;
            case "renamed":
                File.Move(path, path + ".done");
                break;
            case "directory":
                File.Delete(path);
                Directory.CreateDirectory(path);
                break;
            case "truncated":
                File.WriteAllText(path, "one\n");
                break;
            case "appended":
                File.AppendAllText(path, "three\n");
                break;
            case "overwritten":
                File.WriteAllText(path, "owt\neno\n");
                break;
            case "replaced":
                Put("a", "owt\neno\n", Start + 100);
                break;
            default:
                Assert.Fail(fate);
                break;
        }
    }

    private sealed class OnStart(StreamingContext context, Action call) : InputDStream<int>(context, "OnStart")
    {
        protected internal override ValueTask StartAsync(CancellationToken cancellationToken)
        {
            call();
            return ValueTask.CompletedTask;
        }

        protected internal override InputBatch<int> Cut(BatchTime time) => RecordInputBatch.Empty<int>();
    }

    private InputRun<string> RunWithState(int second) => InputRun<string>.Start(
        context =>
        {
            DStream<string> lines = context.TextFileStream(Folder).Map(line => line.ToString());
            lines.Map(line => (Key: line, Value: 1))
                .UpdateStateByKey((ReadOnlySpan<int> values, Optional<int> state) => state.GetValueOrDefault() + values.Length).Register();
            return lines;
        },
        Options(),
        ClockAt(second));
}
