namespace FastStream.Tests;

/// <summary>What a selector knows, over restarts, by itself: batches of a second, a window of eight.</summary>
public sealed class FileSelectorRestartTests
{
    private static readonly FileSourceOptions Options = new() { RememberDuration = TimeSpan.FromSeconds(8) };

    // Listings take one batch or two; files come up to two and a half seconds after they were written, and go when they were taken.
    [Theory]
    [InlineData(FileDetection.ModificationTime)]
    [InlineData(FileDetection.Arrival)]
    public void Select_RestartsAtAnyTime_TakesEachFileOnce(FileDetection detection)
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        for (int round = 0; round < 100; round++)
        {
            FileSelector selector = New(detection);
            var files = new List<FileStatus>();
            var taken = new List<ulong>();
            Queue<FileStatus>? listing = null;   // what the listing that goes on has not looked at
            var listingBegan = new BatchTime(1000);
            ulong count = 0;
            for (int second = 1; second <= 300; second++)
            {
                var time = new BatchTime((100 + second) * 1000L);
                for (int i = random.Next(3); i > 0 && second < 290; i--)
                {
                    files.Insert(random.Next(files.Count + 1), File(++count, time.Milliseconds - random.Next(2500)));
                }

                if (second < 270 && random.Next(10) == 0)
                {
                    // Down for a while, in which files come. The listing that went on is lost.
                    SelectorPosition position = selector.Save(time - TimeSpan.FromSeconds(1));
                    selector = New(detection);
                    selector.Load(position with { Known = [.. position.Known] });
                    listing = null;
                    second += random.Next(20);
                    continue;
                }

                bool begins = listing is null;
                if (listing is null)
                {
                    listing = new Queue<FileStatus>(files);
                    listingBegan = time;
                }

                for (int left = begins && random.Next(2) == 0 ? listing.Count / 2 : listing.Count; left > 0; left--)
                {
                    FileStatus file = listing.Dequeue();
                    if (selector.Select(file, time))
                    {
                        taken.Add(file.Identity.Inode);
                    }
                }

                if (listing.Count == 0)
                {
                    listing = null;
                    selector.Forget(time, listingBegan, []);
                    files.RemoveAll(file => taken.Contains(file.Identity.Inode) && random.Next(20) == 0);
                }
            }

            Assert.True(taken.Count == (int)count
                && taken.Distinct().Count() == (int)count,
                $"Seed {seed}, round {round}: {taken.Count} files were taken, {taken.Distinct().Count()} different ones, of {count}.");
        }
    }

    [Fact]
    public void Save_AfterAListingLongerThanTheWindow_LooksFromItsBeginning()
    {
        FileSelector selector = New(FileDetection.ModificationTime);
        selector.Forget(new BatchTime(100_000), new BatchTime(100_000), []);
        Assert.Equal(92_000, selector.Save(new BatchTime(100_000)).LookFromMs);
        selector.Forget(new BatchTime(130_000), new BatchTime(110_000), []);
        Assert.Equal(110_000, selector.Save(new BatchTime(131_000)).LookFromMs);
    }

    [Fact]
    public void Save_BeforeTheFirstListing_LooksFromTheWindow()
    {
        FileSelector selector = New(FileDetection.ModificationTime);
        Assert.Equal(92_000, selector.Save(new BatchTime(100_000)).LookFromMs);
        FileSelector second = New(FileDetection.ModificationTime);
        second.Load(selector.Save(new BatchTime(100_000)));
        Assert.Equal(92_000, second.Save(new BatchTime(200_000)).LookFromMs);
    }

    private static FileSelector New(FileDetection detection) =>
        new(Options with { Detection = detection, NewFilesOnly = false }, TimeSpan.FromSeconds(1), 0, Assert.Fail);

    private static FileStatus File(ulong number, long modifiedMs) =>
        new($"{number}", new FileIdentity(1, number, null), 1, modifiedMs * TimeSpan.TicksPerMillisecond, (long)number);
}
