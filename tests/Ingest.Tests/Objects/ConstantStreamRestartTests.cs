namespace FastStream.Tests;

public sealed class ConstantStreamRestartTests : FileRestartTest
{
    [Fact]
    public async Task Restart_BatchThatFailedInItsOutput_HasItsRecordsThoughTheLogHasThemNot()
    {
        string[] records = [.. Enumerable.Range(0, 10_000).Select(i => $"record {i}")];
        await using (InputRun<string> first =
            InputRun<string>.Start(context => context.ConstantStream(records), Options(), ClockAt(0), output: FailWhereThereAreRecords))
        {
            await first.FailAsync();
        }

        Assert.InRange(Directory.EnumerateFiles(Checkpoints, "*.log").Sum(path => new FileInfo(path).Length), 1, 1000);
        await using InputRun<string> second = InputRun<string>.Start(context => context.ConstantStream(records), Options(), ClockAt(10));
        Assert.Equal([.. records, .. records], await second.RecoverAsync());
        await second.StopAsync(StopMode.Immediate);
    }
}
