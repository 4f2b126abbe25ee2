namespace FastStream.Tests;

public sealed class ReplayFileRestartTests : FileRestartTest
{
    [Theory]
    [InlineData(false, StopMode.Immediate)]
    [InlineData(true, StopMode.Immediate)]
    [InlineData(false, StopMode.Graceful)]
    public async Task Restart_InTheMiddle_GoesOnAtTheNextByte(bool saves, StopMode mode)
    {
        string[] lines = [.. Enumerable.Range(0, 1000).Select(line => $"line {line}")];
        string path = Put("log", string.Concat(lines.Select(line => line + "\n")), Start);
        var records = new List<string>();
        for (int run = 0; run < 8; run++)
        {
            await using InputRun<string> input = Replay(path, run * 100, saves, records.AddRange);
            await input.TickAsync();
            await input.TickAsync();
            await input.StopAsync(mode);

            // Appended to meanwhile, behind what is replayed until then.
            File.AppendAllText(path, "more\n");
        }

        Assert.Equal([.. lines, .. Enumerable.Repeat("more", 7)], records);
    }

    [Fact]
    public async Task Restart_BatchesAgainAndAgain_GoOnWithTheNextOne()
    {
        string path = Put("log", "1\n2\n3\n", Start);
        var records = new List<string>();
        for (int run = 0; run < 7; run++)
        {
            await using InputRun<string> input = InputRun<string>.Start(
                context => context.ReplayTextFile(path, [2, 4, 6], repeat: true).Map(line => line.ToString()),
                Options(saves: run % 2 == 0), ClockAt(run * 100), output: records.AddRange);
            await input.TickAsync();
            await input.StopAsync(StopMode.Immediate);
        }

        Assert.Equal(["1", "2", "3", "1", "2", "3", "1"], records);
    }

    [Fact]
    public async Task Restart_ThroughALink_LooksAtTheFile()
    {
        string path = Put("log", "1\n2\n3\n", Start);
        string link = PathOf("link");
        File.CreateSymbolicLink(link, path);
        await using (InputRun<string> first = Replay(link, 0))
        {
            Assert.Equal(["1", "2", "3"], await first.TickAsync());
            await first.StopAsync();
        }

        await using InputRun<string> second = Replay(link, 10);
        await second.TickAsync();
        await second.StopAsync();
        Assert.Empty(second.Records);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Restart_AnotherFile_IsRefused(bool saves)
    {
        string path = Put("log", "1\n2\n3\n", Start);
        await using (InputRun<string> first = Replay(path, 0, saves))
        {
            await first.TickAsync();
            await first.StopAsync(StopMode.Immediate);
        }

        Put("log", "1\n2\n3\n4\n", Start);
        var error = Assert.Throws<InvalidDataException>(() => Replay(path, 10));
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.Contains("another file is in its place, with 8 bytes", error.Message);
    }

    private InputRun<string> Replay(string path, int second, bool saves = false, Action<string[]>? output = null) => InputRun<string>.Start(
        context => context.ReplayTextFile(path, bytesPerBatch: 700).Map(line => line.ToString()), Options(saves),
        ClockAt(second), output: output);
}
