using System.Globalization;
using Xunit.Abstractions;

namespace FastStream.Tests.Recovery;

/// <summary>
/// A program that receives is killed (SIGKILL) again and again: what it has acknowledged counts once, what it has not at
/// most once.
/// </summary>
public sealed class ReceiverKillTests(ITestOutputHelper output)
{
    private const int Kills = 3;

    [Theory]
    [InlineData(true, "received")]
    [InlineData(true, "journal written")]
    [InlineData(true, "journal rolled")]
    [InlineData(true, "journal retired")]
    [InlineData(true, "cut")]
    [InlineData(true, "planned")]
    [InlineData(true, "directory renamed")]
    [InlineData(true, "committed")]
    [InlineData(true, "states written")]
    [InlineData(true, "retired")]
    [InlineData(false, "cut")]
    [InlineData(false, "planned")]
    [InlineData(false, "committed")]
    public async Task Receiver_KilledAt_CountsWhatItAcknowledgedOnce(bool hasJournal, string place)
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var runs = new JobRuns(ReceiverJob.Name, $"{hasJournal}");
        int killed = 0;
        for (int i = 0; i < Kills; i++)
        {
            // A run makes a few checkpoints, and many batches.
            bool isRare = place is "states written" or "retired" or "journal rolled" or "journal retired";
            killed += await runs.KillAsync(place, random.Next(1, isRare ? 4 : 20)) ? 1 : 0;
        }

        await runs.FinishAsync();
        Check(runs.Folder, $"killed at \"{place}\", seed {seed}");
        Assert.True(killed > 0, $"the job never came to \"{place}\"");
    }

    [Theory]
    [InlineData("begun")]
    [InlineData("recovered")]
    public async Task Receiver_KilledWhileItStarts_KeepsWhatItAcknowledged(string place)
    {
        using var runs = new JobRuns(ReceiverJob.Name, "True");
        if (place == "recovered")
        {
            await runs.KillAsync("journal written", 9);
        }

        Assert.True(await runs.KillAsync(place, 1));
        Assert.True(await runs.KillAsync(place, 1));
        await runs.FinishAsync();
        Check(runs.Folder, $"killed at \"{place}\"");
    }

    private void Check(string folder, string what)
    {
        long[] counted = [.. JobRuns.Read(folder, "numbers").Values.SelectMany(lines => lines).Select(line =>
            long.Parse(line, CultureInfo.InvariantCulture))];
        var once = new HashSet<long>(counted);
        Assert.True(once.Count == counted.Length, $"{counted.Length - once.Count} numbers came twice, {what}");
        string[] runs = Directory.GetFiles(folder, "acknowledged-*");
        int acknowledged = 0;
        foreach (string run in runs)
        {
            // What a kill has cut off of the last line was not noted.
            string text = File.ReadAllText(run);
            foreach (string line in text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                acknowledged++;
                Assert.True(once.Contains(long.Parse(line, CultureInfo.InvariantCulture)), $"{line} was acknowledged and is lost, {what}");
            }
        }

        Assert.Equal([$"(0,{counted.Sum()})"], JobRuns.Read(folder, "sum").Last().Value);
        ILookup<int, int> lines = JobRuns.Read(folder, "lines").Values.SelectMany(each => each).Select(line => line.Split(' '))
            .ToLookup(parts => int.Parse(parts[0], CultureInfo.InvariantCulture), parts =>
                int.Parse(parts[1], CultureInfo.InvariantCulture));
        Assert.All(lines, run => Assert.True(run.Order().SequenceEqual(Enumerable.Range(0, run.Count())),
            $"lines of run {run.Key} are not the first ones, each once, {what}"));
        Assert.True(acknowledged > 0, $"nothing was acknowledged in {runs.Length} runs, {what}");
        output.WriteLine($"{acknowledged} acknowledged and {counted.Length} counted in {runs.Length} "
            + $"runs; {lines.Sum(run => run.Count())} lines");
    }
}
