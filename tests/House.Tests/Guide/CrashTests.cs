namespace FastStream.Tests.House.Guide;

public sealed class CrashTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("crash-test-");

    [Fact]
    public async Task Words_AfterACrash_GoOn()
    {
        var checkpoint = new CheckpointOptions { Directory = Path.Combine(_folder.FullName, "state") };
        var test = new StreamTestOptions { Configure = options => options with { Checkpoint = checkpoint } };
        await using (var first = new StreamScenario(test))
        {
            Count(first.Input([["a", "b"], ["a"]])).Print();
            await first.RunBatchesAsync();                             // disposed without a stop: a crash
        }

        await using var second = new StreamScenario(test with { StartTime = DateTimeOffset.UnixEpoch.AddSeconds(2) });
        RecordedOutput<(string Word, long Count)> counts = second.Output(Count(second.Input([["a"]])));
        await second.RunAsync();
        Assert.Equal([[("a", 3L)]], counts.Batches);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static DStream<(string Word, long Count)> Count(DStream<string> words) =>
        words.CountByValue().RunningReduceByKey((a, b) => a + b).Named("words ever");
}
