using System.Diagnostics;

namespace FastStream.Tests;

/// <summary>Files and directories that change, or are not as they should be, while a source lists them and files wait.</summary>
public sealed class FileFaultTests : FileSourceTest
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Cut_ReplacedWhileItWaits_IsReadOnce()
    {
        await using InputRun<string> run = Run(new FileSourceOptions { MaxFilesPerBatch = 1 });
        Put("a", "a\n", Start + 100);
        Put("b", "b\n", Start + 200);
        Assert.Equal(["a"], await run.TickAsync());
        Put("b", "c\n", Start + 1500);
        await run.TickAsync();
        await run.TickAsync();
        await run.TickAsync();
        await run.StopAsync();
        Assert.Equal(["a", "c"], run.Records);
    }

    [Fact]
    public async Task Cut_RenamedWhileItWaits_IsReadUnderItsNewName()
    {
        await using InputRun<string> run = Run(new FileSourceOptions { MaxFilesPerBatch = 1 });
        Put("a", "a\n", Start + 100);
        string second = Put("b", "b\n", Start + 200);
        Assert.Equal(["a"], await run.TickAsync());
        File.Move(second, PathOf("c"));
        await run.TickAsync();
        await run.TickAsync();
        await run.StopAsync();
        Assert.Equal(["a", "b"], run.Records);
    }

    [Theory]
    [InlineData(10_000, 10, 5)]
    [InlineData(1000, 5, 4.5)]
    public async Task Cut_StableForAlmostAsLongAsRemembered_IsTakenThen(long intervalMs, double rememberSeconds, double stableSeconds)
    {
        await using InputRun<string> run = Run(
            new FileSourceOptions
                { StableFor = TimeSpan.FromSeconds(stableSeconds), RememberDuration = TimeSpan.FromSeconds(rememberSeconds) },
                intervalMs: intervalMs);
        Put("a", "a\n", Start + 100);
        for (int i = 0; i < 10; i++)
        {
            await run.TickAsync();
        }

        await run.StopAsync();
        Assert.Equal(["a"], run.Records);
    }

    [Fact]
    public async Task Cut_NewestTickAfterALongStall_TakesWhatCameMeanwhile()
    {
        await using InputRun<string> run =
            Run(streaming: new StreamingOptions { Partitions = 1, MissedTicks = MissedTickPolicy.RunNewest });
        Put("a", "a\n", Start + 100);
        Assert.Equal(["a"], await run.TickAsync());
        Put("b", "b\n", Start + 10_000);
        run.Clock.Jump(TimeSpan.FromSeconds(300));
        await run.Context.WhenCompletedAsync(new BatchTime(Start + 301_000)).WaitAsync(Patience);
        await run.StopAsync();
        Assert.Equal(["a", "b"], run.Records);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Cut_OneDirectoryOfAPatternFails_ReadsTheOthers(bool byLoop)
    {
        Put("a/1", "1\n", Start + 100);
        Put("b/2", "2\n", Start + 200);
        Put("c/3", "3\n", Start + 300);
        var options = new FileSourceOptions
        {
            Filter = path =>
            {
                // While the first directory is listed, the second one goes.
                if (path.EndsWith("a/1", StringComparison.Ordinal) && Directory.Exists(PathOf("b")))
                {
                    Directory.Delete(PathOf("b"), recursive: true);
                    if (byLoop)
                    {
                        File.CreateSymbolicLink(PathOf("b"), PathOf("b"));
                    }
                }

                return true;
            },
        };
        await using InputRun<string> run = Run(options, Folder + "/*");
        Assert.Equal(["1", "3"], await run.TickAsync());
        Assert.Empty(await run.TickAsync());
        await run.StopAsync();
        Assert.Equal(byLoop ? 1 : 0, run.Listener.Warnings.Count(warning => warning.Contains(PathOf("b"), StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Cut_DirectoryOfAPatternFailsOnce_ItsFilesAreNotReadAgain()
    {
        Put("a/1", "1\n", Start + 100);
        Put("b/2", "2\n", Start + 200);
        string aside = Directory.CreateTempSubdirectory("faststream-files-").FullName;
        bool fails = false;
        var options = new FileSourceOptions
        {
            Detection = FileDetection.Arrival,
            NewFilesOnly = false,
            Filter = path =>
            {
                if (fails && path.EndsWith("a/1", StringComparison.Ordinal))
                {
                    Directory.Move(PathOf("b"), Path.Combine(aside, "b"));
                    File.CreateSymbolicLink(PathOf("b"), PathOf("b"));
                }

                return true;
            },
        };
        await using InputRun<string> run = Run(options, Folder + "/*");
        Assert.Equal(["1", "2"], (await run.TickAsync()).Order());
        fails = true;
        Assert.Empty(await run.TickAsync());
        fails = false;
        File.Delete(PathOf("b"));
        Directory.Move(Path.Combine(aside, "b"), PathOf("b"));
        Directory.Delete(aside);
        Assert.Empty(await run.TickAsync());
        await run.StopAsync();
    }

    [Fact]
    public async Task Cut_FileThatCannotBeOpenedYet_IsReadLater()
    {
        // A .NET program that writes locks its file.
        await using InputRun<string> run = Run();
        string path = Put("a", "a\n", Start + 100);
        using (File.Open(path, FileMode.Open, FileAccess.Write, FileShare.None))
        {
            Assert.Empty(await run.TickAsync());
            Assert.Empty(await run.TickAsync());
        }

        Assert.Equal(["a"], await run.TickAsync());
        Assert.Empty(await run.TickAsync());
        await run.StopAsync();
        Assert.Contains("cannot be read and is tried again at every batch", run.Listener.Warnings.Single());
    }

    [Fact]
    public async Task Cut_PipeInThePlaceOfAFileThatWaits_IsNotOpened()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        await using InputRun<string> run = Run(new FileSourceOptions { MaxFilesPerBatch = 1 });
        string second = await TakeFirstOfThreeAsync(run);
        File.Delete(second);
        using (Process mkfifo = Process.Start("mkfifo", [second]))
        {
            await mkfifo.WaitForExitAsync();
        }

        Assert.Equal(["c"], await run.TickAsync());
        await run.StopAsync();
    }

    [Fact]
    public async Task Cut_FilterFailsOnce_NothingIsReadTwice()
    {
        bool fails = false;
        var options = new FileSourceOptions
        {
            Detection = FileDetection.Arrival,
            Filter = _ => !fails ? true : throw new FormatException("The filter fails."),
        };
        await using InputRun<string> run =
            Run(options, streaming: new StreamingOptions { Partitions = 1, OnBatchFailure = BatchFailurePolicy.ReportAndContinue });
        Put("a", "a\n", Start + 100);
        Put("b", "b\n", Start + 200);
        Assert.Equal(["a", "b"], await run.TickAsync());
        fails = true;
        run.Clock.Advance(run.Interval);
        await run.Listener.NextWarningAsync();
        fails = false;
        run.Clock.Advance(run.Interval);
        await run.Context.WhenCompletedAsync(new BatchTime(Start + 3000)).WaitAsync(Patience);
        run.Clock.Advance(run.Interval);
        await run.Context.WhenCompletedAsync(new BatchTime(Start + 4000)).WaitAsync(Patience);
        await run.StopAsync();
        Assert.Equal(["a", "b"], run.Records);
    }

    [Theory]
    [InlineData(16_999_999_999_999_999, 1_699_999_999_999)]
    [InlineData(17_000_000_000_009_999, 1_700_000_000_000)]
    [InlineData(-1, -1)]
    public void ModifiedMs_AnyTicks_AreRoundedDown(long ticks, long expected) =>
        Assert.Equal(expected, new FileStatus("a", default, 1, ticks, 0).ModifiedMs);
}
