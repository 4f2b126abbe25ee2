namespace FastStream.Tests;

/// <summary>
/// Files' times come from the wall clock, batch times go on from its reading at the start: what is read, and once, when
/// it is set.
/// </summary>
public sealed class FileClockTests : FileSourceTest
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(-3600)]
    [InlineData(90)]
    [InlineData(8 * 3600)]
    [InlineData(-10L * 365 * 86400)]
    public async Task Cut_WallClockIsSet_FilesOfBothTimesAreReadAtOnce(long stepSeconds)
    {
        var run = new Run(this, new FileSourceOptions());
        await using StreamingContext context = run.Context;
        run.Put("before");
        await run.TickAsync();
        run.Put("just before");
        run.Clock.Step = TimeSpan.FromSeconds(stepSeconds);
        run.Put("just after");
        await run.TickAsync();
        Assert.Equal(["before", "just after", "just before"], run.Lines.Order(StringComparer.Ordinal));
        run.Put("after");
        await run.TickAsync();
        Assert.Equal("after", run.Lines.Last());
        run.Clock.Step = TimeSpan.Zero;
        run.Put("back again");
        await run.TickAsync();
        await run.TickAsync();
        Assert.Equal("back again", run.Lines.Last());
        Assert.Equal(5, run.Lines.Count);
        await context.StopAsync();
        Assert.Empty(run.Listener.Warnings);
    }

    // Files keep their places, so that those which were read long ago come into the window again when the clock is set back.
    [Fact]
    public async Task Cut_WallClockIsSetAnyNumberOfTimes_ReadsEachFileOnce()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        var run = new Run(this, new FileSourceOptions { RememberDuration = TimeSpan.FromSeconds(8) });
        await using StreamingContext context = run.Context;
        int count = 0;
        for (int batch = 0; batch < 300; batch++)
        {
            bool isSet = false;
            for (int i = random.Next(4); i > 0 && batch < 295; i--)
            {
                // Nobody can see a clock that is set twice between two listings.
                if (!isSet && random.Next(4) == 0)
                {
                    isSet = true;
                    run.Clock.Step += TimeSpan
                        .FromSeconds(random.Next(3) switch { 0 => -random.Next(40), 1 => random.Next(40), _ => random.Next(-7200, 7200) });
                }

                run.Put($"{count++}");
            }

            await run.TickAsync();
        }

        await context.StopAsync();
        Assert.True(
            run.Lines.Count == count && run.Lines.Distinct().Count() == count,
            $"Seed {seed}: {run.Lines.Count} files were read, {run.Lines.Distinct().Count()} different ones, of "
                + $"{count}. {string.Join('\n', run.Listener.Warnings)}");
    }

    [Theory]
    [InlineData(-3600)]
    [InlineData(3600)]
    public void Select_RestartAfterTheClockWasSet_TakesWhatCameAndNothingTwice(long stepSeconds)
    {
        FileSelector selector = New(0);
        for (int second = 1; second <= 200; second++)
        {
            var time = new BatchTime((1000 + second) * 1000L);
            for (int i = 1; i <= second; i++)
            {
                Assert.Equal(i == second, selector.Select(FileOf(i, (1000 + i) * 1000L), time));
            }

            selector.Forget(time, time, []);
        }

        SelectorPosition position = selector.Save(new BatchTime(1_200_000));
        FileSelector restarted = New(0);
        restarted.Load(position with { Known = [.. position.Known] });
        restarted.StepMs = stepSeconds * 1000;
        var next = new BatchTime(1_205_000);
        for (int i = 1; i <= 200; i++)
        {
            Assert.False(restarted.Select(FileOf(i, (1000 + i) * 1000L), next));
        }

        Assert.True(restarted.Select(FileOf(201, 1_199_000), next));
        Assert.True(restarted.Select(FileOf(202, 1_204_500 + (stepSeconds * 1000)), next));
    }

    [Fact]
    public async Task Cut_FileComesBehindTheSourceWithAnOlderTime_IsNew()
    {
        // Kernels stamp with a clock that is some milliseconds behind, and some file systems keep whole seconds.
        Put("old", "old\n", Start - 5);
        await using var context =
            new StreamingContext(new StreamingOptions
                { TimeProvider = new ManualTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(Start)), Partitions = 1 });
        var lines = new List<string>();
        context.TextFileStream(Folder).ForEachBatch((batch, _) => lines.AddRange(batch.ToArray().Select(line => line.ToString())));
        Put("new", "new\n", Start - 900);
        context.Start();
        ((ManualTimeProvider)context.Options.TimeProvider).Advance(TimeSpan.FromSeconds(1));
        await context.WhenCompletedAsync(new BatchTime(Start + 1000)).WaitAsync(Patience);
        await context.StopAsync();
        Assert.Equal(["new"], lines);
    }

    [Fact]
    public async Task Cut_OldFileIsWrittenToLater_IsReadThen()
    {
        string path = Put("old", "old\n", Start - 5000);
        await using InputRun<string> run = Run();
        Assert.Empty(await run.TickAsync());
        File.AppendAllText(path, "new\n");
        File.SetLastWriteTimeUtc(path, DateTimeOffset.FromUnixTimeMilliseconds(Start + 1500).UtcDateTime);
        Assert.Equal(["old", "new"], await run.TickAsync());
        await run.StopAsync();
    }

    [Fact]
    public async Task Cut_ClockOfTheContextIsAnother_ReadsFilesAsTheyComeAndWarnsOnce()
    {
        Put("old", "old\n", Start);
        await using InputRun<string> run = Run(startMs: 0);
        Assert.Empty(await run.TickAsync());
        Put("1", "1\n", Start + 1);
        Assert.Equal(["1"], await run.TickAsync());
        Put("2", "2\n", Start + 2);
        Assert.Equal(["2"], await run.TickAsync());
        await run.StopAsync();
        Assert.Equal(["1", "2"], run.Records);
        Assert.Contains("the context's TimeProvider and the clock that gives files their times are not the same",
            run.Listener.Warnings.Single());
    }

    [Fact]
    public async Task Cut_FilesOfOtherTimes_AreWarnedOfOnceADirectory()
    {
        await using InputRun<string> run = Run(pattern: Folder + "/*");
        Put("a/old1", "no\n", Start - 100_000);
        Put("a/old2", "no\n", Start - 200_000);
        Put("b/old", "no\n", Start - 100_000);
        Put("b/early", "no\n", Start + 3_600_000);
        await run.TickAsync();
        Put("a/old3", "no\n", Start - 100_000);
        Put("b/early2", "no\n", Start + 3_600_000);
        await run.TickAsync();
        await run.StopAsync();
        Assert.Empty(run.Records);
        string[] warnings = [.. run.Listener.Warnings];
        Assert.Equal(3, warnings.Length);
        Assert.Contains(warnings, warning => warning.Contains($"2 files of {PathOf("a")}", StringComparison.Ordinal)
            && warning.Contains("too old", StringComparison.Ordinal));
        Assert.Contains(warnings, warning => warning.Contains($"{PathOf("b/old")} is too old", StringComparison.Ordinal));
        Assert.Contains(warnings,
            warning => warning.Contains($"{PathOf("b/early")} is from the future, by 00:59:59", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("*.csv")]
    [InlineData("missing/in*")]
    public async Task Cut_PatternMatchesNoDirectory_WarnsOnceAndTellsWhenItDoes(string pattern)
    {
        Put("a.csv", "no\n", Start + 1);
        await using InputRun<string> run = Run(pattern: PathOf(pattern));
        await run.TickAsync();
        await run.TickAsync();
        Assert.Contains($"No directory matches {PathOf(pattern)}", run.Listener.Warnings.Single());
        Put(pattern.Replace("*", "now", StringComparison.Ordinal) + "/file", "line\n", Start + 2500);
        Assert.Equal(["line"], await run.TickAsync());
        await run.StopAsync();
        Assert.Equal(2, run.Listener.Warnings.Count());
        Assert.Contains($"Directories match {PathOf(pattern)} now", run.Listener.Warnings.Last());
    }

    private static FileSelector New(long createdMs) =>
        new(new FileSourceOptions { RememberDuration = TimeSpan.FromSeconds(8), NewFilesOnly = false },
            TimeSpan.FromSeconds(1), createdMs, Assert.Fail);

    private static FileStatus FileOf(int number, long modifiedMs) =>
        new($"{number}", new FileIdentity(1, (ulong)number, null), 1, modifiedMs * TimeSpan.TicksPerMillisecond, number);

    /// <summary>A source on a clock that can be set.</summary>
    private new sealed class Run
    {
        private readonly FileClockTests _test;
        private readonly ManualTimeProvider _inner = new(DateTimeOffset.FromUnixTimeMilliseconds(Start));

        public Run(FileClockTests test, FileSourceOptions options)
        {
            _test = test;
            Clock = new SteppedClock(_inner);
            Context = new StreamingContext(new StreamingOptions { TimeProvider = Clock, Partitions = 1 });
            Context.AddListener(Listener);
            Context.TextFileStream(test.Folder, options)
                .ForEachBatch((batch, _) => Lines.AddRange(batch.ToArray().Select(line => line.ToString())));
            Context.Start();
        }

        public SteppedClock Clock { get; }

        public StreamingContext Context { get; }

        public RecordingListener Listener { get; } = new();

        public List<string> Lines { get; } = [];

        public void Put(string name) => _test.Put(name, name + "\n", Clock.GetUtcNow().ToUnixTimeMilliseconds());

        public async Task TickAsync()
        {
            _inner.Advance(TimeSpan.FromSeconds(1));
            await Context.WhenCompletedAsync(BatchTime.From(_inner.GetUtcNow())).WaitAsync(Patience);
        }
    }
}
