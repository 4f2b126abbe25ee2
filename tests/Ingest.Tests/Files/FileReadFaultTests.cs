using System.Buffers.Binary;

namespace FastStream.Tests;

/// <summary>Records that lie badly in their file, or are no records, and files that change while they are read.</summary>
public sealed class FileReadFaultTests : FileSourceTest
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(4094)]
    [InlineData(4095)]
    [InlineData(4096)]
    public async Task Read_CrLfOverTheEndOfABlock_IsOneLineEnd(int length)
    {
        string first = new('x', length);
        Put("a", $"{first}\r\nsecond\r\n", Start + 100);
        await using InputRun<string> run =
            Run(streaming: new StreamingOptions { Partitions = 1, BlockSizeBytes = 4096, MaxBufferedBytes = 1 << 20 });
        Assert.Equal([first, "second"], await run.TickAsync());
        await run.StopAsync();
    }

    [Theory]
    [InlineData(FileReadMode.Read)]
    [InlineData(FileReadMode.MemoryMapped)]
    public async Task Read_TooLongLineOverTheBorderOfShares_FailsTheBatch(FileReadMode mode)
    {
        string few = string.Concat(Enumerable.Repeat("a\n", 5000));
        Put("a", $"{few}{new string('x', 20_000)}\n{few}", Start + 100);
        await using InputRun<string> run = Run(
            new FileSourceOptions { ReadMode = mode },
            streaming: new StreamingOptions
                { Partitions = 3, BlockSizeBytes = 64 << 10, MaxBufferedBytes = 1 << 20, MaxRecordBytes = 1000 });
        await run.TickAsync();
        var failure = await Assert.ThrowsAsync<StreamingException>(() => run.Context.Completion.WaitAsync(Patience));
        Assert.Contains("has a record of more than 1000 bytes", failure.Message);
    }

    [Fact]
    public void Read_ManyRecordsLongerThanABlock_TakeAboutTheirOwnMemory()
    {
        string[] lines = Enumerable.Range(0, 400).Select(i => new string((char)('a' + (i % 26)), 5000 + i)).ToArray();
        string path = Put("a", string.Join('\n', lines), Start);
        var file = new OpenFile(FileStatus.Of(path)!.Value, FileReadMode.Read);
        using var batch =
            new FileBatch<Utf8Text>([new FileRange(file, 0, file.Length)], LineDecoder.Instance,
                new FileSource(new BlockPool(4096, int.MaxValue), 1 << 20), 1, null);
        var records = new List<int>();
        var output = new RecordBuffer<Utf8Text>(new LengthsOf(records));
        long before = GC.GetAllocatedBytesForCurrentThread();
        batch.Run(0, 1, output);
        output.Flush();
        Assert.Equal(lines.Select(line => line.Length), records);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 * file.Length);
    }

    [Fact]
    public async Task Read_ShortenedBeforeALongRecordIsRead_FailsTheBatch()
    {
        string path = Put("a", new string('x', 10_000) + "\nlast\n", Start + 100);
        await using InputRun<int> run = InputRun<int>.Start(
            context => context.FileStream(Folder, new ShorteningDecoder(path)).Map(line => line.Length),
            new StreamingOptions { Partitions = 1, BlockSizeBytes = 4096, MaxBufferedBytes = 1 << 20 },
            new ManualTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(Start)));
        await run.TickAsync();
        var failure = await Assert.ThrowsAsync<StreamingException>(() => run.Context.Completion.WaitAsync(Patience));
        Assert.Contains("was shortened while it was read", failure.Message);
    }

    [Fact]
    public async Task Read_ShortenedWhileItIsReadUnderSkip_GoesOnAndCounts()
    {
        string path = Put("a", new string('x', 10_000) + "\nlast\n", Start + 100);
        await using InputRun<int> run = InputRun<int>.Start(
            context => context.FileStream(Folder, new ShorteningDecoder(path), new FileSourceOptions
                { NewFilesOnly = false, LostFile = LostFilePolicy.Skip }).Map(line => line.Length),
            new StreamingOptions { Partitions = 1, BlockSizeBytes = 4096, MaxBufferedBytes = 1 << 20 },
            new ManualTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(Start)));
        Assert.Empty(await run.TickAsync());
        Assert.Equal(1, run.Context.Metrics.LostFiles);
        await run.StopAsync();
        Assert.Contains(run.Listener.Warnings, warning => warning.Contains("was shortened while it was read", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Read_RecordsThatCannotBe_SaysInWhichFile()
    {
        Put("whole", "12345678", Start + 100);
        string bad = Put("bad", "12345", Start + 200);
        await using InputRun<int> run = InputRun<int>.Start(
            context => context.BinaryRecordsStream(Folder, 4, BinaryPrimitives.ReadInt32LittleEndian), null,
            new ManualTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(Start)));
        await run.TickAsync();
        var failure = await Assert.ThrowsAsync<StreamingException>(() => run.Context.Completion.WaitAsync(Patience));
        Assert.Contains(bad, failure.Message);
        Assert.Contains("5 bytes are not a whole number of records of 4 bytes", failure.Message);
    }

    [Fact]
    public async Task Cut_BorderCannotBeFound_FailsItsBatchOnly()
    {
        string bad = Put("bad", new string('!', 30_000), Start + 200);
        Put("good", "good\n", Start + 100);
        Put("last", "last\n", Start + 1100);
        await using InputRun<string> run = InputRun<string>.Start(
            context => context.FileStream(Folder, new RefusingDecoder(), new FileSourceOptions { MaxBytesPerBatch = 10_000 })
                .Map(line => line.ToString()),
            new StreamingOptions { Partitions = 1, OnBatchFailure = BatchFailurePolicy.ReportAndContinue },
            new ManualTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(Start)));
        await run.TickAsync();
        await run.TickAsync();
        await run.StopAsync();
        Assert.Equal(["last"], run.Records);
        Assert.Contains(run.Listener.Completed, batch => batch.Failure is { } failure
            && failure.Message.Contains(bad, StringComparison.Ordinal));
    }

    private sealed class LengthsOf(List<int> lengths) : LastOperator<Utf8Text>
    {
        public override void OnRecords(ReadOnlySpan<Utf8Text> items)
        {
            foreach (Utf8Text item in items)
            {
                lengths.Add(item.Length);
            }
        }
    }

    /// <summary>Lines; the first look at a block shortens the file.</summary>
    private sealed class ShorteningDecoder(string path) : IRecordDecoder<Utf8Text>
    {
        public bool AcceptsUnfinishedEnd => true;

        public int FindFirst(ReadOnlySpan<byte> data) => LineDecoder.Instance.FindFirst(data);

        public int FindLast(ReadOnlySpan<byte> data)
        {
            using FileStream file = File.Open(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            file.SetLength(6000);
            return LineDecoder.Instance.FindLast(data);
        }

        public long Decode(in RecordBytes bytes, RecordBuffer<Utf8Text> output) => LineDecoder.Instance.Decode(bytes, output);
    }

    /// <summary>Lines, none of which may have an exclamation mark.</summary>
    private sealed class RefusingDecoder : IRecordDecoder<Utf8Text>
    {
        public bool AcceptsUnfinishedEnd => true;

        public int FindFirst(ReadOnlySpan<byte> data) => LineDecoder.Instance.FindFirst(Checked(data));

        public int FindLast(ReadOnlySpan<byte> data) => LineDecoder.Instance.FindLast(Checked(data));

        public long Decode(in RecordBytes bytes, RecordBuffer<Utf8Text> output)
        {
            Checked(bytes.Span);
            return LineDecoder.Instance.Decode(bytes, output);
        }

        private static ReadOnlySpan<byte> Checked(ReadOnlySpan<byte> data) =>
            data.Contains((byte)'!') ? throw new InvalidDataException("There is an exclamation mark.") : data;
    }
}
