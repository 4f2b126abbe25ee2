using System.Buffers.Binary;
using System.Diagnostics;

namespace FastStream.Tests;

public sealed class FileStreamTests : FileSourceTest
{
    // The selection rule, as derived from Spark's source: batch time, creation, new files only, batch interval, modification time.
    [Theory]
    [InlineData(100_000, 50_000, true, 2000, 50_000, false)]
    [InlineData(100_000, 50_000, true, 2000, 50_001, true)]
    [InlineData(100_000, 50_000, true, 2000, 100_000, true)]
    [InlineData(100_000, 50_000, true, 2000, 100_001, false)]
    [InlineData(200_000, 50_000, true, 2000, 140_000, false)]
    [InlineData(200_000, 50_000, true, 2000, 140_001, true)]
    [InlineData(100_000, 50_000, false, 2000, 40_000, false)]
    [InlineData(100_000, 50_000, false, 2000, 40_001, true)]
    [InlineData(100_000, 0, false, 7000, 37_000, false)]
    [InlineData(100_000, 0, false, 7000, 37_001, true)]
    public void Select_ByModificationTime_FollowsTheRule(long batchMs, long createdMs, bool newFilesOnly,
        long intervalMs, long modifiedMs, bool expected)
    {
        var selector =
            new FileSelector(new FileSourceOptions { NewFilesOnly = newFilesOnly },
                TimeSpan.FromMilliseconds(intervalMs), createdMs, Assert.Fail);
        var file = new FileStatus("a", new FileIdentity(1, 1, null), 10, modifiedMs * TimeSpan.TicksPerMillisecond, 5);
        var time = new BatchTime(batchMs);
        Assert.Equal(expected, selector.Select(file, time));
        Assert.False(selector.Select(file, time));
    }

    // Spark's InputStreamsSuite, "file input stream - newFilesOnly = true".
    [Fact]
    public async Task Cut_FilesOfManyTimes_GivesEachBatchItsOwn()
    {
        Put("0", "0\n", 10_000);
        for (int i = 1; i <= 5; i++)
        {
            Put($"{i}", $"{i}\n", 11_000 + (i * 2000));
        }

        await using InputRun<string> run = Run(startMs: 12_000, intervalMs: 2000);
        for (int i = 1; i <= 5; i++)
        {
            Assert.Equal([$"{i}"], await run.TickAsync());
        }

        await run.StopAsync();
        Assert.Equal(5, run.Context.Metrics.ProcessedRecords);
    }

    // "file input stream - wildcard": the pattern names directories.
    [Fact]
    public async Task Cut_PatternOfDirectories_ReadsTheirDirectFiles()
    {
        Put("parent", "0\n", 13_000);
        for (int i = 1; i <= 10; i++)
        {
            Put($"sub{i % 3}/{i}", $"{i}\n", 11_000 + (i * 2000));
            Put($"sub{i % 3}/deeper/{i}", "too deep\n", 11_000 + (i * 2000));
        }

        await using InputRun<string> run = Run(pattern: Folder + "/*/", startMs: 12_000, intervalMs: 2000);
        for (int i = 1; i <= 10; i++)
        {
            Assert.Equal([$"{i}"], await run.TickAsync());
        }

        await run.StopAsync();
    }

    // "binary records stream": records of one byte.
    [Fact]
    public async Task BinaryRecords_FixedLength_GivesEachRecord()
    {
        await using InputRun<string> run = InputRun<string>.Start(
            context => context.BinaryRecordsStream(Folder, 1).Map(record => string.Join(',', record)),
            null,
            new ManualTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(12_000)),
            TimeSpan.FromSeconds(2));
        for (byte i = 1; i <= 3; i++)
        {
            Put($"{i}", new string([(char)i, (char)(i + 1), (char)(i + 2)]), 11_000 + (i * 2000));
            Assert.Equal([$"{i}", $"{i + 1}", $"{i + 2}"], await run.TickAsync());
        }

        await run.StopAsync();
    }

    [Fact]
    public async Task BinaryRecords_OtherLength_FailsTheBatch()
    {
        Put("short", "12345", Start + 500);
        await using InputRun<int> run = InputRun<int>.Start(
            context => context.BinaryRecordsStream(Folder, 4, BinaryPrimitives.ReadInt32LittleEndian), null,
            new ManualTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(Start)));
        await run.TickAsync();
        var failure = await Assert.ThrowsAsync<StreamingException>(() => run.Context.Completion.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains("5 bytes are not a whole number of records of 4 bytes", failure.Message);
    }

    [Fact]
    public async Task Cut_OtherEntries_LeavesThemAlone()
    {
        Put(".hidden", "no\n", Start + 100);
        Put("_temporary", "no\n", Start + 100);
        Put("half.tmp", "no\n", Start + 100);
        Put("wrong.csv", "no\n", Start + 100);
        Put("sub.log/inside", "no\n", Start + 100);
        string real = Put("real.log", "yes\n", Start + 100);
        File.CreateSymbolicLink(PathOf("link.log"), real);
        Directory.CreateSymbolicLink(PathOf("loop.log"), Folder);
        if (OperatingSystem.IsLinux())
        {
            using Process mkfifo = Process.Start("mkfifo", [PathOf("pipe.log")]);
            await mkfifo.WaitForExitAsync();
        }

        await using InputRun<string> run = Run(new FileSourceOptions { Filter = path => path.EndsWith(".log", StringComparison.Ordinal) });
        Assert.Equal(["yes"], await run.TickAsync());
        Assert.Empty(await run.TickAsync());
        await run.StopAsync();
    }

    [Fact]
    public async Task Cut_RenamedReplacedAndTouched_ReadsEachFileOnce()
    {
        await using InputRun<string> run = Run();
        Put("a", "first\n", Start + 100);
        Assert.Equal(["first"], await run.TickAsync());
        File.Move(PathOf("a"), PathOf("b"));
        Assert.Empty(await run.TickAsync());
        Put("b", "replaced\n", Start + 2500);
        Assert.Equal(["replaced"], await run.TickAsync());
        File.AppendAllText(PathOf("b"), "appended\n");
        File.SetLastWriteTimeUtc(PathOf("b"), DateTimeOffset.FromUnixTimeMilliseconds(Start + 3500).UtcDateTime);
        Assert.Empty(await run.TickAsync());
        Assert.Empty(await run.TickAsync());
        await run.StopAsync();
        Assert.Contains("changed after it was taken (9 bytes then, 18 now)", run.Listener.Warnings.Single());
    }

    [Fact]
    public async Task Cut_DeletedAndMadeAgain_ReadsBoth()
    {
        // The new file may get the old one's inode.
        await using InputRun<string> run = Run();
        for (int i = 0; i < 20; i++)
        {
            string path = PathOf($"file{i}");
            File.WriteAllText(path, $"{i}\n");
            File.SetLastWriteTimeUtc(path, run.Clock.GetUtcNow().UtcDateTime.AddMilliseconds(500));
            Assert.Equal([$"{i}"], await run.TickAsync());
            File.Delete(path);
        }

        await run.StopAsync();
    }

    [Fact]
    public async Task Cut_StillWritten_WaitsUntilItIsStable()
    {
        await using InputRun<string> run = Run(new FileSourceOptions { StableFor = TimeSpan.FromSeconds(2) });
        string path = Put("growing", "one\n", Start + 100);
        Assert.Empty(await run.TickAsync());
        File.AppendAllText(path, "two\n");
        File.SetLastWriteTimeUtc(path, DateTimeOffset.FromUnixTimeMilliseconds(Start + 1100).UtcDateTime);
        Assert.Empty(await run.TickAsync());
        Assert.Empty(await run.TickAsync());
        Assert.Equal(["one", "two"], await run.TickAsync());
        await run.StopAsync();
        Assert.Empty(run.Listener.Warnings);
    }

    [Fact]
    public async Task Cut_EmptyFileThatIsWrittenLater_IsReadThen()
    {
        await using InputRun<string> run = Run();
        string path = Put("later", "", Start + 100);
        Assert.Empty(await run.TickAsync());
        File.WriteAllText(path, "now\n");
        File.SetLastWriteTimeUtc(path, DateTimeOffset.FromUnixTimeMilliseconds(Start + 1500).UtcDateTime);
        Assert.Equal(["now"], await run.TickAsync());
        await run.StopAsync();
    }

    [Fact]
    public async Task Cut_DirectoryVanishesAndComesBack_WarnsAndGoesOn()
    {
        await using InputRun<string> run = Run();
        Put("a", "a\n", Start + 100);
        Assert.Equal(["a"], await run.TickAsync());
        Directory.Delete(Folder, recursive: true);
        Assert.Empty(await run.TickAsync());
        Assert.Empty(await run.TickAsync());
        Put("b", "b\n", Start + 3500);
        Assert.Equal(["b"], await run.TickAsync());
        await run.StopAsync();
        Assert.Equal(2, run.Listener.Warnings.Count());
        Assert.Contains("is not there", run.Listener.Warnings.First());
        Assert.Contains("is there now", run.Listener.Warnings.Last());
    }

    [Theory]
    [InlineData(FileReadMode.Read)]
    [InlineData(FileReadMode.MemoryMapped)]
    public async Task Cut_MoreThanABatchMayHave_GoesOnInTheNextOnesInOrder(FileReadMode mode)
    {
        var expected = new List<string>();
        for (int file = 0; file < 5; file++)
        {
            string[] lines = Enumerable.Range(0, 1000).Select(line => $"file {file} line {line}").ToArray();
            expected.AddRange(lines);

            // Later names are older: the time decides.
            Put($"{9 - file}", string.Concat(lines.Select(line => line + "\n")), Start + 100 + file);
        }

        await using InputRun<string> run = Run(new FileSourceOptions { MaxBytesPerBatch = 10_000, ReadMode = mode });
        await run.TickUntilAsync(expected.Count);
        await run.StopAsync();
        Assert.Equal(expected, run.Records);
        Assert.All(run.Batches, batch => Assert.InRange(batch.Sum(line => line.Length + 1), 0, 10_100));
        Assert.Equal(expected.Count, run.Context.Metrics.ProcessedRecords);
    }

    [Fact]
    public async Task Cut_FileVanishesBetweenListingAndReading_IsReported()
    {
        await using InputRun<string> run = Run(new FileSourceOptions { MaxFilesPerBatch = 1 });
        string second = await TakeFirstOfThreeAsync(run);
        File.Delete(second);
        Assert.Equal(["c"], await run.TickAsync());
        await run.StopAsync();
        Assert.Contains("was listed and is gone now", run.Listener.Warnings.Single());
    }

    [Fact]
    public async Task Cut_ByArrival_TakesFilesOfAnyTimeOnce()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        Put("before", "no\n", Start - 1000);
        await using InputRun<string> run = Run(new FileSourceOptions { Detection = FileDetection.Arrival });
        var expected = new List<string>();
        for (int i = 0; i < 200; i++)
        {
            Put($"{i}", $"{i}\n", Start + random.Next(-1_000_000_000, 1_000_000_000));
            expected.Add($"{i}");
            if (random.Next(10) == 0)
            {
                await run.TickAsync();
            }
        }

        await run.TickAsync();
        await run.TickAsync();
        await run.StopAsync();
        Assert.True(expected.SequenceEqual(run.Records.OrderBy(int.Parse)), $"Seed {seed}: files were lost or read twice.");
    }

    [Fact]
    public async Task Cut_ListingLongerThanABatchMay_GoesOnInTheNext()
    {
        for (int i = 0; i < 25; i++)
        {
            Put($"{i:00}", $"{i}\n", Start + 100);
        }

        await using InputRun<string> run = Run(new FileSourceOptions { MaxEntriesPerBatch = 10 });
        Assert.Empty(await run.TickAsync());
        Assert.Empty(await run.TickAsync());
        Assert.Equal(Enumerable.Range(0, 25).Select(i => $"{i}"), await run.TickAsync());
        await run.StopAsync();
        Assert.Contains("took from batch", run.Listener.Warnings.Single());
    }

    [Fact]
    public void Forget_FilesOutOfTheWindow_KeepsMemoryBounded()
    {
        var selector = new FileSelector(new FileSourceOptions(), TimeSpan.FromSeconds(1), 0, Assert.Fail);
        for (int second = 1; second <= 1000; second++)
        {
            var time = new BatchTime(second * 1000L);
            var file = new FileStatus($"{second}", new FileIdentity(1, (ulong)second, null), 1, second * TimeSpan.TicksPerSecond, 1);
            Assert.True(selector.Select(file, time));
            selector.Forget(time, time, []);
        }

        Assert.InRange(selector.KnownCount, 60, 62);
    }

    [Fact]
    public void Describe_SettingOutOfRange_Throws()
    {
        var context = new StreamingContext(TimeSpan.FromSeconds(1));
        var error = Assert.Throws<ArgumentOutOfRangeException>(
            () => context.TextFileStream(Folder, new FileSourceOptions { MaxBytesPerBatch = 0 }));
        Assert.Contains("MaxBytesPerBatch is 0; 1 or more is expected.", error.Message);
    }
}
