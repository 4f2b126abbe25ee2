using Xunit.Abstractions;

namespace FastStream.Tests.Recovery;

/// <summary>
/// The job is killed (SIGKILL) between any two steps of a batch's and a checkpoint's life, again and again in the same
/// folder: nothing is lost, doubled or wrong.
/// </summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private const int Kills = 3;

    [Theory]
    [InlineData("cut")]
    [InlineData("planned")]
    [InlineData("directory written")]
    [InlineData("directory renamed")]
    [InlineData("put out")]
    [InlineData("committed")]
    [InlineData("states written")]
    [InlineData("manifest written")]
    [InlineData("checkpoint there")]
    [InlineData("saved")]
    [InlineData("rolled")]
    [InlineData("checkpoints removed")]
    [InlineData("retired")]
    public async Task Job_KilledAt_GoesOnAsIfItHadNotBeen(string place)
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var runs = new JobRuns();
        int killed = 0;
        for (int i = 0; i < Kills; i++)
        {
            killed += await runs.KillAsync(place, random.Next(1, 7)) ? 1 : 0;
        }

        await runs.FinishAsync();
        int batches = runs.Check($"killed at \"{place}\", seed {seed}");
        output.WriteLine($"{killed} kills, {batches} batches");
        Assert.True(killed > 0, $"the job never came to \"{place}\"");
    }

    [Theory]
    [InlineData("begun")]
    [InlineData("recovered")]
    public async Task Job_KilledWhileItStarts_Starts(string place)
    {
        using var runs = new JobRuns();
        if (place == "recovered")
        {
            await runs.KillAsync("committed", 4);
        }

        Assert.True(await runs.KillAsync(place, 1));
        Assert.True(await runs.KillAsync(place, 1));
        await runs.FinishAsync();
        runs.Check($"killed at \"{place}\"");
    }
}
