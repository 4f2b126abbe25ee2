namespace FastStream.Tests;

/// <summary>What a program writes itself is no input of it.</summary>
public sealed class OwnFilesTests : FileSourceTest
{
    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/.")]
    [InlineData("link")]
    public void Start_CheckpointsInTheWatchedDirectory_IsRefused(string by)
    {
        string watched = Folder + by;
        if (by == "link")
        {
            watched = PathOf(by);
            Directory.CreateDirectory(PathOf("inner"));
            Directory.CreateSymbolicLink(watched, PathOf("inner"));
        }

        string checkpoints = by == "link" ? PathOf("inner") : Folder;
        var error = Assert.Throws<InvalidOperationException>(
            () => Run(pattern: watched, streaming: new StreamingOptions
                { Checkpoint = new CheckpointOptions { Directory = checkpoints } }));
        Assert.Contains("which has the checkpoints of this program", error.Message);
    }

    [Fact]
    public async Task Cut_PatternMatchesCheckpoints_LeavesThemOut()
    {
        string checkpoints = PathOf("state");
        Put("in/file", "line\n", Start + 500);
        await using InputRun<string> run =
            Run(new FileSourceOptions { Detection = FileDetection.Arrival, NewFilesOnly = false }, Folder + "/*",
                new StreamingOptions { Checkpoint = new CheckpointOptions { Directory = checkpoints } });
        Assert.Equal(["line"], await run.TickAsync());
        Assert.Empty(await run.TickAsync());
        await run.StopAsync();
        Assert.Contains($"{checkpoints} matches", run.Listener.Warnings.Single());
    }

    [Theory]
    [InlineData("out", "", true)]
    [InlineData("out", "txt", true)]
    [InlineData("", "", false)]
    public async Task Cut_PatternMatchesResults_LeavesThemOut(string prefix, string suffix, bool byRealPath)
    {
        string pattern = Folder + "/*";
        if (byRealPath)
        {
            Directory.CreateSymbolicLink(Checkpoints + "/link", Folder);
            pattern = Checkpoints + "/link/*";
        }

        Put("in/file", "line\n", Start + 500);
        Put("20231115/file", "of a day\n", Start + 500);
        await using InputRun<string> run = InputRun<string>.Start(
            context =>
            {
                DStream<string> lines =
                    context.TextFileStream(pattern, new FileSourceOptions { Detection = FileDetection.Arrival, NewFilesOnly = false })
                        .Map(line => line.ToString());
                lines.SaveAsTextFiles(prefix.Length == 0 ? Folder + "/" + "r" : PathOf(prefix), suffix);
                return lines;
            },
            null,
            new ManualTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(Start)));
        Assert.Equal(["line", "of a day"], (await run.TickAsync()).Order(StringComparer.Ordinal));
        Assert.Empty(await run.TickAsync());
        Assert.Empty(await run.TickAsync());
        await run.StopAsync();
        Assert.Contains("has the results of SaveAsTextFiles", run.Listener.Warnings.Single());
    }

    [Theory]
    [InlineData("out-1700000001000", true)]
    [InlineData("out-1700000001000/deeper", true)]
    [InlineData("out-x", false)]
    [InlineData("out", false)]
    [InlineData("output-1700000001000", false)]
    public void WriterOf_Directory_IsWhatBatchesAreNamed(string name, bool expected)
    {
        var own = new OwnFiles(new StreamingOptions());
        own.Add(PathOf("out-"), "", "SaveAsFiles");
        Assert.Equal(expected, own.WriterOf(PathOf(name)) is not null);
    }

    [Fact]
    public void WriterOf_NamesOfTheTimeAlone_AreTimesOfTheGrid()
    {
        var own = new OwnFiles(new StreamingOptions { BatchInterval = TimeSpan.FromSeconds(1) });
        own.Add(Folder + "/", "", "SaveAsFiles");
        Assert.NotNull(own.WriterOf(PathOf("1700000001000")));
        Assert.Null(own.WriterOf(PathOf("20231115")));
    }
}
