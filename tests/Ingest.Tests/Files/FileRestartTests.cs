namespace FastStream.Tests;

/// <summary>A file source over stops, crashes and new starts: nothing is lost, read twice or read by half.</summary>
public sealed class FileRestartTests : FileRestartTest
{
    [Theory]
    [InlineData(FileDetection.ModificationTime, StopMode.Immediate, false)]
    [InlineData(FileDetection.ModificationTime, StopMode.Immediate, true)]
    [InlineData(FileDetection.ModificationTime, StopMode.Graceful, false)]
    [InlineData(FileDetection.Arrival, StopMode.Immediate, false)]
    [InlineData(FileDetection.Arrival, StopMode.Immediate, true)]
    [InlineData(FileDetection.Arrival, StopMode.Graceful, false)]
    public async Task Restart_FilesThatWereRead_AreNotReadAgain(FileDetection detection, StopMode mode, bool saves)
    {
        var options = new FileSourceOptions { Detection = detection };
        Put("before", "no\n", Start - 100);
        await using (InputRun<string> first = Run(0, options, saves))
        {
            Put("a", "a\n", Start + 100);
            Assert.Equal(["a"], await first.TickAsync());
            Put("b", "b\n", Start + 1100);
            Assert.Equal(["b"], await first.TickAsync());
            await first.StopAsync(mode);
        }

        await using InputRun<string> second = Run(4, options, saves);
        await second.RecoverAsync();
        await second.TickAsync();
        Put("c", "c\n", Start + 6100);
        await second.TickAsync();
        await second.StopAsync();
        Assert.Equal(["c"], second.Records);
    }

    [Theory]
    [InlineData(FileDetection.ModificationTime, StopMode.Immediate, false, 10)]
    [InlineData(FileDetection.ModificationTime, StopMode.Immediate, true, 1000)]
    [InlineData(FileDetection.ModificationTime, StopMode.Graceful, false, 1000)]
    [InlineData(FileDetection.Arrival, StopMode.Immediate, false, 1000)]
    [InlineData(FileDetection.Arrival, StopMode.Graceful, true, 1000)]
    public async Task Restart_FilesThatCameWhileDown_AreRead(FileDetection detection, StopMode mode, bool saves, int secondsDown)
    {
        var options = new FileSourceOptions { Detection = detection };
        await using (InputRun<string> first = Run(0, options, saves))
        {
            Put("a", "a\n", Start + 100);
            Assert.Equal(["a"], await first.TickAsync());
            await first.TickAsync();
            await first.StopAsync(mode);
        }

        Put("late", "late\n", Start + 500);   // written before the stop, and moved in after it
        Put("down", "down\n", Start + 4000);
        Put("later", "later\n", Start + (secondsDown * 1000) - 500);
        await using InputRun<string> second = Run(secondsDown, options, saves);
        Assert.Equal(["late", "down", "later"], await second.RecoverAsync());
        Assert.Empty(await second.TickAsync());
        await second.StopAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Restart_BatchThatFailedInItsOutput_RunsOnceMore(bool saves)
    {
        await using (InputRun<string> first = Run(0, saves: saves, output: FailWhereThereAreRecords))
        {
            await first.TickAsync();
            Put("a", "1\n2\n3", Start + 1100);
            Put("b", "4\n5\n6", Start + 1200);
            await first.FailAsync();
        }

        await using InputRun<string> second = Run(1000, saves: saves);
        Assert.Equal(["1", "2", "3", "4", "5", "6"], await second.RecoverAsync());
        Assert.Single(second.Batches, batch => batch.Length > 0);
        await second.StopAsync();
        Assert.Equal(6, second.Context.Metrics.ProcessedRecords);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Restart_FilesThatWait_AreReadInOrder(bool saves)
    {
        var options = new FileSourceOptions { MaxFilesPerBatch = 1 };
        await using (InputRun<string> first = Run(0, options, saves))
        {
            await TakeFirstOfThreeAsync(first);
            await first.StopAsync(StopMode.Immediate);
        }

        // Far behind the window.
        await using InputRun<string> second = Run(1000, options, saves);
        Assert.Equal(["b"], await second.RecoverAsync());
        Assert.Equal(["c"], await second.TickAsync());
        Assert.Empty(await second.TickAsync());
        await second.StopAsync();
    }

    [Fact]
    public async Task Restart_InTheMiddleOfAListing_LosesNothing()
    {
        var options = new FileSourceOptions { MaxEntriesPerBatch = 10 };
        for (int i = 0; i < 25; i++)
        {
            Put($"{i:00}", $"{i}\n", Start + 100);
        }

        await using (InputRun<string> first = Run(0, options, saves: true))
        {
            await first.TickAsync();
            await first.TickAsync();
            await first.StopAsync(StopMode.Immediate);
        }

        await using InputRun<string> second = Run(1000, options);
        await second.TickUntilAsync(25);
        await second.TickAsync();
        await second.TickAsync();
        await second.StopAsync();
        Assert.Equal(Enumerable.Range(0, 25).Select(i => $"{i}"), second.Records.OrderBy(int.Parse));
    }

    [Theory]
    [InlineData(FileReadMode.Read, false)]
    [InlineData(FileReadMode.MemoryMapped, false)]
    [InlineData(FileReadMode.Read, true)]
    public async Task Restart_InTheMiddleOfABigFile_GoesOnAtTheNextByte(FileReadMode mode, bool saves)
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        var expected = new List<string>();
        for (int file = 0; file < 3; file++)
        {
            string[] lines = Enumerable.Range(0, 2000).Select(line => $"file {file} line {line}").ToArray();
            expected.AddRange(lines);
            Put($"{9 - file}", string.Concat(lines.Select(line => line + "\n")), Start + 100 + file);
        }

        var options = new FileSourceOptions { MaxBytesPerBatch = 10_000, ReadMode = mode };
        var records = new List<string>();
        int second = 0;
        for (int run = 0; run < 10; run++, second += random.Next(2, 200))
        {
            // By chance a run fails on the way, stops at once, or to its end.
            int left = random.Next(4);
            bool fails = random.Next(2) == 0;
            await using InputRun<string> input = Run(second, options, saves, batch => Keep(batch, fails && --left < 0));
            for (int batch = 0; batch < 4 && await input.TryTickAsync(); batch++)
            {
                second++;
            }

            await input.Context.StopAsync(random.Next(2) == 0 ? StopMode.Graceful : StopMode.Immediate);
            second += 2;
        }

        await using InputRun<string> last = Run(second, options, saves, batch => Keep(batch, false));
        for (int batch = 0; batch < 20; batch++)
        {
            await last.TickAsync();
        }

        await last.StopAsync();
        Assert.True(expected.SequenceEqual(records), $"Seed {seed}: {records.Count} lines came, {expected.Count} are expected.");

        void Keep(string[] batch, bool fails)
        {
            if (fails && batch.Length > 0)
            {
                throw new IOException("The output fails.");
            }

            records.AddRange(batch);
        }
    }

    [Theory]
    [InlineData(FileDetection.ModificationTime, false)]
    [InlineData(FileDetection.ModificationTime, true)]
    [InlineData(FileDetection.Arrival, false)]
    [InlineData(FileDetection.Arrival, true)]
    public async Task Restart_AtAnyTime_ReadsEveryFileOnce(FileDetection detection, bool saves)
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        var options = new FileSourceOptions
            { Detection = detection, MaxFilesPerBatch = 3, MaxEntriesPerBatch = 20, MaxBytesPerBatch = 20,
                RememberDuration = TimeSpan.FromSeconds(20) };
        var records = new List<string>();
        int files = 0;
        int idle = 0;   // batches since all was read
        int second = 0;
        for (int run = 0; run < 15; run++)
        {
            // The last one runs until all is read.
            int batches = run == 14 ? 150 : random.Next(6);
            int left = random.Next(batches + 3);
            await using InputRun<string> input = Run(second, options, saves, batch => Keep(batch, run < 14 && --left < 0));
            for (int batch = 0; batch < batches; batch++, second++)
            {
                PutSome(batch > 50 ? 0 : random.Next(4));
                idle = records.Count < 2 * files ? 0 : idle + 1;
                if (!await input.TryTickAsync() || (batch > 50 && idle > 20))
                {
                    break;
                }
            }

            await input.Context.StopAsync(random.Next(2) == 0 ? StopMode.Graceful : StopMode.Immediate);
            for (int down = run == 14 ? 0 : random.Next(2, 60); down > 0; down--, second++)
            {
                PutSome(random.Next(10) == 0 ? 1 : 0);
            }
        }

        string[] expected = [.. Enumerable.Range(0, files).SelectMany(file => new[] { $"{file}/1", $"{file}/2" }).Order()];
        Assert.True(expected.SequenceEqual(records.Order()),
            $"Seed {seed}: {records.Count} lines came, {records.Distinct().Count()} different ones, of {expected.Length}.");

        void PutSome(int count)
        {
            for (; count > 0; count--, files++)
            {
                Put($"{files}", $"{files}/1\n{files}/2\n", Start + (second * 1000L) + 1 + random.Next(999));
            }
        }

        void Keep(string[] batch, bool fails)
        {
            if (fails && batch.Length > 0)
            {
                throw new IOException("The output fails.");
            }

            records.AddRange(batch);
        }
    }

    [Fact]
    public async Task Restart_OfARestart_ReadsNothingTwice()
    {
        await using (InputRun<string> first = Run(0))
        {
            Put("a", "a\n", Start + 100);
            Assert.Equal(["a"], await first.TickAsync());
            await first.StopAsync();
        }

        // These do not come to a listing.
        for (int second = 100; second < 300; second += 100)
        {
            await using InputRun<string> idle = Run(second);
            await idle.StopAsync(StopMode.Immediate);
        }

        Put("b", "b\n", Start + 50_000);
        await using InputRun<string> last = Run(1000);
        Assert.Equal(["b"], await last.RecoverAsync());
        await last.StopAsync();
    }

    [Fact]
    public async Task Restart_WithALongerWindow_ReadsNothingTwice()
    {
        var options = new FileSourceOptions { RememberDuration = TimeSpan.FromSeconds(5), NewFilesOnly = false };
        await using (InputRun<string> first = Run(0, options))
        {
            Put("a", "a\n", Start + 100);
            Assert.Equal(["a"], await first.TickAsync());
            for (int i = 0; i < 20; i++)
            {
                await first.TickAsync();
            }

            await first.StopAsync();
        }

        await using InputRun<string> second = Run(30, options with { RememberDuration = TimeSpan.FromSeconds(500) });
        await second.RecoverAsync();
        await second.TickAsync();
        await second.TickAsync();
        await second.StopAsync();
        Assert.Empty(second.Records);
    }

    [Fact]
    public async Task Restart_MoreAndFewerPartitions_GivesTheSameRecords()
    {
        string[] lines = Enumerable.Range(0, 3000).Select(line => $"line {line}").ToArray();
        Put("a", string.Concat(lines.Select(line => line + "\r\n")), Start + 100);
        await using (InputRun<string> first = Run(0, output: FailWhereThereAreRecords))
        {
            await first.FailAsync();
        }

        await using (InputRun<string> second =
            Run(10, output: FailWhereThereAreRecords, streaming: new StreamingOptions { Partitions = 7 }))
        {
            await second.FailAsync();
        }

        await using InputRun<string> third = Run(20, streaming: new StreamingOptions { Partitions = 1 });
        Assert.Equal(lines, await third.RecoverAsync());
        await third.StopAsync();
    }

    [Fact]
    public async Task Stop_AnotherInputGaveNoLastBatch_TheFilesOfItAreReadLater()
    {
        var queue = new Queue<IReadOnlyList<string>>([[]]);
        await using (InputRun<string> first = Both())
        {
            await first.TickAsync();
            queue.Enqueue(null!);
            Put("a", "a\n", Start + 1100);
            await first.StopAsync();
            Assert.Empty(first.Records);
        }

        await using InputRun<string> second = Both(10);
        Assert.Equal(["a"], await second.RecoverAsync());
        await second.StopAsync();

        InputRun<string> Both(int second = 0) => InputRun<string>.Start(
            context => context.TextFileStream(Folder).Map(line => line.ToString()).Union(context.QueueStream(queue)),
            Options() with { OnBatchFailure = BatchFailurePolicy.ReportAndContinue },
            ClockAt(second));
    }

    [Theory]
    [InlineData(CatchUpPolicy.RunEach)]
    [InlineData(CatchUpPolicy.Skip)]
    public async Task Restart_FilesOfALongDownTime_AreReadWithoutAWarning(CatchUpPolicy catchUp)
    {
        var streaming = new StreamingOptions { Partitions = 1, CatchUp = catchUp };
        await using (InputRun<string> first = Run(0, streaming: streaming))
        {
            Put("a", "a\n", Start + 100);
            Assert.Equal(["a"], await first.TickAsync());
            await first.StopAsync(StopMode.Immediate);
        }

        Put("b", "b\n", Start + 20_000);
        Put("c", "c\n", Start + 39_000);
        await using InputRun<string> second = Run(40, streaming: streaming);
        await second.TickAsync();
        await second.TickAsync();
        await second.StopAsync();
        Assert.Equal(["b", "c"], second.Records.Where(line => line != "a"));
        Assert.DoesNotContain(second.Listener.Warnings, warning => warning.Contains("future", StringComparison.Ordinal));
    }
}
