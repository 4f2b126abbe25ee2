using System.Diagnostics;
using System.Globalization;

namespace FastStream.Tests.Recovery;

/// <summary>Runs of the job in one folder, each a process of its own, and what they have put out.</summary>
/// <param name="name">Another job's name; null for the one that makes numbers.</param>
/// <param name="option">That job's option, which follows the folder.</param>
internal sealed class JobRuns(string? name = null, string? option = null) : IDisposable
{
    private const int Killed = 128 + 9;

    public string Folder { get; } = Directory.CreateTempSubdirectory("faststream-").FullName;

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>Runs the job until it dies at a place, or has made its batches where it did not come there so often.</summary>
    public Task<bool> KillAsync(string place, int pass) => RunAsync(["30", place, pass.ToString(CultureInfo.InvariantCulture)]);

    /// <summary>Runs the job for some batches and lets it stop well.</summary>
    public async Task FinishAsync() => Assert.False(await RunAsync(["5"]), "the job was killed, and nobody asked for it");

    /// <summary>Runs a job that ends by itself, with nothing to complain of.</summary>
    public async Task RunToEndAsync(string argument) =>
        Assert.False(await RunAsync([argument]), "the job was killed, and nobody asked for it");

    /// <summary>
    /// Checks that every number came once, in order, and that windows and states are those of the numbers in every
    /// batch.
    /// </summary>
    /// <returns>Number of batches.</returns>
    public int Check(string what)
    {
        SortedDictionary<long, string[]> numbers = Read(Folder, "numbers");
        SortedDictionary<long, string[]> sums = Read(Folder, "sums");
        SortedDictionary<long, string[]> window = Read(Folder, "window");
        SortedDictionary<long, string[]> grouped = Read(Folder, "grouped");
        SortedDictionary<long, string[]> total = Read(Folder, "total");
        Assert.All([sums, window, grouped, total],
            other => Assert.True(numbers.Keys.SequenceEqual(other.Keys), $"outputs of other times, {what}"));
        long next = 0;
        var batches = new List<(long Time, long[] Numbers)>();
        foreach ((long time, string[] lines) in numbers)
        {
            long[] batch = [.. lines.Select(line => long.Parse(line, CultureInfo.InvariantCulture)).Order()];
            Assert.True(batch.SequenceEqual(Enumerable.Range(0, batch.Length).Select(i => next + i)),
                $"batch {time} does not go on at {next}, {what}");
            next += batch.Length;
            batches.Add((time, batch));
            long from = time - (long)(Job.WindowBatches * Job.Interval).TotalMilliseconds;
            AssertSame(sums[time], ByKey(batches.SelectMany(each => each.Numbers)), $"sums of {time}, {what}");
            string[] inWindow = [.. ByKey(batches.Where(each => each.Time > from).SelectMany(each => each.Numbers))];
            AssertSame(window[time], inWindow, $"window of {time}, {what}");
            AssertSame(grouped[time], inWindow, $"groups of the window of {time}, {what}");
            AssertSame(total[time], next == 0
                ? [] : [(next * (next - 1) / 2).ToString(CultureInfo.InvariantCulture)], $"total of {time}, {what}");
        }

        return batches.Count;
    }

    private static IEnumerable<string> ByKey(IEnumerable<long> numbers) =>
        numbers.GroupBy(number => number % Job.Keys)
            .Select(group => string.Create(CultureInfo.InvariantCulture, $"({group.Key},{group.Sum()})"));

    private static void AssertSame(IEnumerable<string> found, IEnumerable<string> expected, string what) =>
        Assert.True(found.Order(StringComparer.Ordinal).SequenceEqual(expected.Order(StringComparer.Ordinal)),
            $"{what}: found {string.Join(' ', found)}, expected {string.Join(' ', expected)}");

    /// <summary>By batch time, the lines of all partitions.</summary>
    public static SortedDictionary<long, string[]> Read(string folder, string name)
    {
        var batches = new SortedDictionary<long, string[]>();
        foreach (string directory in Directory.EnumerateDirectories(Path.Combine(folder, "out"), $"{name}-*"))
        {
            string[] parts = Directory.GetFiles(directory, "part-*");
            batches.Add(long.Parse(Path.GetFileName(directory)[(name.Length + 1)..], CultureInfo.InvariantCulture),
                [.. parts.Order(StringComparer.Ordinal).SelectMany(File.ReadAllLines)]);
        }

        return batches;
    }

    private async Task<bool> RunAsync(string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardError = true, RedirectStandardOutput = true };
        start.ArgumentList.Add(typeof(Job).Assembly.Location);
        foreach (string argument in new[] { name, Folder, option }.OfType<string>().Concat(arguments))
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["DOTNET_EnableDiagnostics"] = "0";   // a killed process would leave its pipes in the temporary directory
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(2));
        Assert.True(process.ExitCode is 0 or Killed, $"the job ended with {process.ExitCode}: {await error} {await output}");
        return process.ExitCode == Killed;
    }
}
