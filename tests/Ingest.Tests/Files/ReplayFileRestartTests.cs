using System.Buffers.Binary;

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
    public async Task ReplayFile_RecordsOfAnyFormat_ComeOnceOverRestarts()
    {
        byte[] bytes = new byte[4 * 1000];
        int[] numbers = [.. Enumerable.Range(0, 1000).Select(i => i * 0x01010101)];   // with ends of lines among their bytes
        Buffer.BlockCopy(numbers, 0, bytes, 0, bytes.Length);
        string path = PathOf("numbers");
        File.WriteAllBytes(path, bytes);
        var records = new List<int>();
        var counts = new List<int>();
        for (int run = 0; run < 5; run++)
        {
            await using InputRun<int> input = InputRun<int>.Start(
                context => context.ReplayFile(path, bytesPerBatch: 850,
                    new FixedLengthDecoder<int>(4, BinaryPrimitives.ReadInt32LittleEndian)),
                Options(saves: run % 2 == 0), ClockAt(run * 100), output: records.AddRange);
            await input.TickAsync();
            counts.Add(records.Count);
            await input.StopAsync(StopMode.Immediate);
        }

        Assert.Equal([213, 425, 638, 850, 1000], counts);
        Assert.Equal(numbers, records);
    }

    [Fact]
    public async Task ReplayFile_RecordsLongerThanAWindow_ComeWhole()
    {
        string path = PathOf("frames");
        int[] lengths = [3, 200_000, 0, 70_000, 5];
        using (FileStream file = File.Create(path))
        {
            Span<byte> prefix = stackalloc byte[4];
            foreach (int length in lengths)
            {
                BinaryPrimitives.WriteInt32BigEndian(prefix, length);
                file.Write(prefix);
                file.Write(new byte[length]);
            }
        }

        await using InputRun<int> input = InputRun<int>.Start(
            context => context.ReplayFile(path, bytesPerBatch: 100_000, new LengthPrefixedDecoder<int>(bytes => bytes.Length)), Options(),
            ClockAt(0));
        Assert.Equal([3, 200_000], await input.TickAsync());
        Assert.Equal([], await input.TickAsync());   // the second 100,000 bytes are in the first batch's last record
        Assert.Equal([0, 70_000, 5], await input.TickAsync());
    }

    [Fact]
    public async Task ReplayFile_LastRecordIsCutOff_FailsItsBatchWithTheFilesName()
    {
        string path = PathOf("numbers");
        File.WriteAllBytes(path, [1, 0, 0, 0, 2, 0]);
        await using InputRun<int> input = InputRun<int>.Start(
            context => context.ReplayFile(path, [4, 6], new FixedLengthDecoder<int>(4, BinaryPrimitives.ReadInt32LittleEndian)), Options(),
            ClockAt(0));
        Assert.Equal([1], await input.TickAsync());
        await input.TickAsync();
        StreamingException error = await Assert.ThrowsAsync<StreamingException>(() => input.Context.Completion);
        Assert.Contains(path, error.Message);
    }

    [Fact]
    public async Task ReplayFile_EndsInsideOfRecords_MoveToTheirEnds()
    {
        string path = PathOf("numbers");
        File.WriteAllBytes(path, [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]);
        await using InputRun<int> input = InputRun<int>.Start(
            context => context.ReplayFile(path, [5, 12],
                new FixedLengthDecoder<int>(4, BinaryPrimitives.ReadInt32LittleEndian), repeat: true), Options(), ClockAt(0));
        Assert.Equal([1, 2], await input.TickAsync());
        Assert.Equal([3], await input.TickAsync());
        Assert.Equal([1, 2], await input.TickAsync());
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
