using FastStream.Tests.Recovery;
using Xunit.Abstractions;

namespace FastStream.Tests.State;

/// <summary>
/// The job of the kill tests with its states in FASTER, killed at any place of its life, again and again in the same
/// folder: nothing is lost, doubled or wrong.
/// </summary>
public sealed class StoreKillTests(ITestOutputHelper output)
{
    private static readonly string[] s_places =
        ["cut", "planned", "put out", "committed", "rolled", "save begun", "states in store", "states written",
            "manifest written", "directory renamed", "checkpoint there", "saved", "checkpoints removed", "retired", "recovered"];

    [Theory]
    [InlineData(20)]
    [InlineData(21)]
    [InlineData(22)]
    [InlineData(23)]
    [InlineData(24)]
    [InlineData(25)]
    [InlineData(26)]
    [InlineData(27)]
    public async Task Job_KilledAtRandomPlaces_GoesOnAsIfItHadNotBeen(int kills)
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var runs = new JobRuns();
        int killed = 0;
        for (int i = 0; i < kills; i++)
        {
            string place = s_places[random.Next(s_places.Length)];
            killed += await runs.KillAsync(place, place == "recovered" ? 1 : random.Next(1, 6)) ? 1 : 0;
        }

        await runs.FinishAsync();
        int batches = runs.Check($"seed {seed}");
        output.WriteLine($"{killed} kills, {batches} batches");
        Assert.True(killed > kills / 2, $"the job was killed {killed} times of {kills}");
    }
}
