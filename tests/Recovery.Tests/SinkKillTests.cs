using System.Globalization;
using Xunit.Abstractions;

namespace FastStream.Tests.Recovery;

/// <summary>A job with sinks is killed between any two steps of their protocol: every number is put out once, whichever way the
/// sink goes.</summary>
public sealed class SinkKillTests(ITestOutputHelper output)
{
    private const int Kills = 3;

    [Theory]
    [InlineData("written")]
    [InlineData("prepared")]
    [InlineData("put out")]
    [InlineData("committed")]
    [InlineData("published")]
    [InlineData("save begun")]
    [InlineData("checkpoint there")]
    [InlineData("retired")]
    [InlineData("recovered")]
    public async Task Job_KilledAt_PutsEveryNumberOutOnce(string place)
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var runs = new JobRuns(SinkJob.Name);
        int killed = 0;
        await runs.KillAsync("committed", random.Next(1, 5));
        for (int i = 0; i < Kills; i++)
        {
            killed += await runs.KillAsync(place, place == "recovered" ? 1 : random.Next(1, 7)) ? 1 : 0;
        }

        await runs.FinishAsync();
        string[] files = Directory.GetFiles(Path.Combine(runs.Folder, "held"));
        Assert.All(files, file => Assert.Equal(".done", Path.GetExtension(file)));
        long[] held = [.. files.OrderBy(file => long.Parse(Path.GetFileNameWithoutExtension(file), CultureInfo.InvariantCulture))
            .SelectMany(NumbersOf)];
        Assert.Equal(Enumerable.Range(0, held.Length).Select(number => (long)number), held.Order());
        Assert.Equal(held, NumbersOf(Path.Combine(runs.Folder, "one")));
        output.WriteLine($"{killed} kills, {files.Length} batches, {held.Length} numbers");
        Assert.True(killed > 0, $"the job never came to \"{place}\"");
        Assert.NotEmpty(held);
    }

    private static IEnumerable<long> NumbersOf(string file) =>
        File.ReadLines(file).Select(line => long.Parse(line, CultureInfo.InvariantCulture));
}
