using System.Globalization;
using Xunit.Abstractions;

namespace FastStream.Tests.Recovery;

/// <summary>The power goes after any sync of a run: what is on the disk then goes on, with every batch that counts put out.</summary>
public sealed class PowerLossTests(ITestOutputHelper output) : IDisposable
{
    private const int Batches = 4;

    private readonly string _folders = Directory.CreateTempSubdirectory("faststream-").FullName;
    private int _folderCount;

    public void Dispose()
    {
        DurableFile.Synced = null;
        FailPoint.Passing = null;
        Directory.Delete(_folders, recursive: true);
    }

    private string NewFolder() => Directory.CreateDirectory(Path.Combine(_folders, $"{++_folderCount}")).FullName;

    // Each batch of the run has its number as its only record.
    private static async Task RunAsync(string folder, int first, int count)
    {
        await using var scenario = new StreamScenario(new StreamTestOptions
        {
            Partitions = 1,
            StartTime = DateTimeOffset.UnixEpoch.AddSeconds(first - 1),
            Configure = options => options with
                { Checkpoint = new CheckpointOptions
                    { Directory = Path.Combine(folder, "state"), Interval = TimeSpan.FromSeconds(2), KeptCheckpoints = 1 } },
        });
        ManualStream<int> numbers = scenario.Input<int>([.. Enumerable.Range(first, count).Select(number => new[] { number })]);
        numbers.SaveAsTextFiles(Path.Combine(folder, "out", "numbers"));
        numbers.Map(number => (Key: "all", Value: number))
            .UpdateStateByKey((ReadOnlySpan<int> values, Optional<int> state) => state.GetValueOrDefault()
                + (values.IsEmpty ? 0 : values[0]))
            .SaveAsTextFiles(Path.Combine(folder, "out", "sums"));
        Assert.True(await scenario.RunBatchesAsync());
    }

    // Batches that were planned before the loss are there, put out with their own records, and in the sum: those that were not never were.
    private async Task CheckAsync(SyncedDisk disk, string what)
    {
        string folder = NewFolder();
        disk.WriteTo(folder);
        await RunAsync(folder, Batches + 10, 1);
        int[] numbers = [.. Read(folder, "numbers").Select(line => int.Parse(line, CultureInfo.InvariantCulture))];
        int before = numbers.Length - 1;
        Assert.True(numbers.SequenceEqual([.. Enumerable.Range(1, before), Batches + 10]),
            $"{what}: the numbers {string.Join(' ', numbers)} were put out");
        int sum = 0;
        IEnumerable<string> sums = numbers.Select(number => $"(all,{sum += number})").ToArray();
        Assert.True(sums.SequenceEqual(Read(folder, "sums")), $"{what}: the sums {string.Join(' ', Read(folder, "sums"))} were put out");
    }

    private static string[] Read(string folder, string name) =>
        [.. from directory in Directory.GetDirectories(Path.Combine(folder, "out"), $"{name}-*")
            orderby long.Parse(Path.GetFileName(directory)[(name.Length + 1)..], CultureInfo.InvariantCulture)
            from line in File.ReadAllLines(Path.Combine(directory, "part-00000"))
            select line];

    // Runs, and keeps the disk as of after every sync.
    private static async Task<List<(SyncedDisk Disk, string Place)>> RunRecordedAsync(SyncedDisk disk, string folder, int first, int count)
    {
        var disks = new List<(SyncedDisk, string)>();
        disk.Synced = name =>
        {
            lock (disks)
            {
                disks.Add((disk.Copy(folder), $"sync {disks.Count} ({name})"));
            }
        };
        DurableFile.Synced = disk.OnSynced;
        await RunAsync(folder, first, count);
        DurableFile.Synced = null;
        return disks;
    }

    [Fact]
    public async Task Run_PowerLostAfterAnySync_GoesOnWithAllThatCounts()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        string folder = NewFolder();
        List<(SyncedDisk Disk, string Place)> disks = await RunRecordedAsync(new SyncedDisk(folder), folder, 1, Batches);
        output.WriteLine($"{disks.Count} syncs");
        Assert.True(disks.Count > 10 * Batches);
        foreach ((SyncedDisk disk, string place) in disks)
        {
            await CheckAsync(disk, place);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public async Task Run_KilledBehindARenameAndPowerLostLater_HasTheOutputsOfBatchesThatCount(int pass)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        string folder = NewFolder();
        string killed = NewFolder();
        var disk = new SyncedDisk(folder);
        SyncedDisk? left = null;
        int passes = 0;
        FailPoint.Passing = place =>
        {
            if (place == "directory renamed" && ++passes == pass)
            {
                left = disk.Copy(killed);
                Copy(folder, killed);   // what a killed process leaves, as the machine goes on
            }
        };
        await RunRecordedAsync(disk, folder, 1, Batches);
        FailPoint.Passing = null;
        List<(SyncedDisk Disk, string Place)> disks = await RunRecordedAsync(left!, killed, Batches + 5, 1);
        foreach ((SyncedDisk after, string place) in disks.Where(each => each.Place.Contains("batches-", StringComparison.Ordinal)))
        {
            string copy = NewFolder();
            after.WriteTo(copy);
            CheckCommitted(copy, $"killed at rename {pass}, {place}");
        }
    }

    // Every batch that the log calls done has its directories.
    private static void CheckCommitted(string folder, string what)
    {
        string state = Path.Combine(folder, "state");
        int first = BatchLog.Segments(state).Min();
        foreach (RecoveredBatch batch in BatchRecord.Collect(new BatchLogReader(state, first).Frames(), after: new BatchTime(0))
            .Where(batch => batch.Outcome == Outcome.Committed))
        {
            foreach (string name in new[] { "numbers", "sums" })
            {
                string directory = Path.Combine(folder, "out", $"{name}-{batch.Time.Milliseconds}");
                Assert.True(File.Exists(Path.Combine(directory, "_SUCCESS")),
                    $"{what}: batch {batch.Time} is done, and {directory} is not there");
            }
        }

    }

    private static void Copy(string from, string to)
    {
        foreach (string directory in Directory.GetDirectories(from, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, directory)));
        }

        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file) != "lock"))
        {
            using FileStream source = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using FileStream copy = File.Create(Path.Combine(to, Path.GetRelativePath(from, file)));
            source.CopyTo(copy);
        }
    }
}
