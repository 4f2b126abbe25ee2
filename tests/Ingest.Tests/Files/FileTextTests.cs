using System.Text;

namespace FastStream.Tests;

/// <summary>
/// What is in front of a file's text, what is no text, records that are too long, and files that are gone before they
/// are read.
/// </summary>
public sealed class FileTextTests : FileSourceTest
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData(FileReadMode.Read, 1)]
    [InlineData(FileReadMode.Read, 3)]
    [InlineData(FileReadMode.MemoryMapped, 3)]
    public async Task Utf8Mark_AtTheBeginning_IsNoText(FileReadMode mode, int partitions)
    {
        await using InputRun<string> run =
            Run(new FileSourceOptions { ReadMode = mode }, streaming: new StreamingOptions { Partitions = partitions });
        Put("a", "\uFEFFname,age\nAnn,3\n", Start + 100);
        Put("only the mark", "\uFEFF", Start + 200);
        Put("later", "x\n\uFEFFy\n", Start + 300);   // inside of a text it is a character
        Assert.Equal(["Ann,3", "name,age", "x", "\uFEFFy"], (await run.TickAsync()).Order(StringComparer.Ordinal));
        await run.StopAsync();
    }

    public static TheoryData<string, byte[]> NoTexts => new()
    {
        { "a gzip archive", [0x1F, 0x8B, 8, 0] },
        { "a zstd archive", [0x28, 0xB5, 0x2F, 0xFD, 0x24] },
        { "an xz archive", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0] },
        { "a bzip2 archive", [.. "BZh91AY&SY"u8] },
        { "an lz4 archive", [0x04, 0x22, 0x4D, 0x18, 0x64] },
        { "a zip archive", [.. "PK\x03\x04"u8, 20, 0] },
        { "a 7z archive", [.. "7z"u8, 0xBC, 0xAF, 0x27, 0x1C] },
        { "a tar archive", [.. new byte[257], .. "ustar"u8] },
        { "UTF-16 (FF FE)", [.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes("one line\n")] },
        { "UTF-16 (FE FF)", [.. Encoding.BigEndianUnicode.Preamble, .. Encoding.BigEndianUnicode.GetBytes("one line\n")] },
        { "UTF-32", [.. Encoding.UTF32.Preamble, .. Encoding.UTF32.GetBytes("one line\n")] },
        { "zero bytes as in UTF-16", Encoding.Unicode.GetBytes("a\n") },
        { "zero bytes as in UTF-16", Encoding.BigEndianUnicode.GetBytes("Слово и ещё слово\nи дальше\n") },
    };

    [Theory]
    [MemberData(nameof(NoTexts))]
    public async Task File_ThatIsNoUtf8Text_FailsItsBatchByName(string what, byte[] content)
    {
        await using InputRun<string> run = Run();
        string path = PutBytes("a", content);
        await run.TickAsync();
        StreamingException failure = await Assert.ThrowsAsync<StreamingException>(() => run.Context.Completion.WaitAsync(Patience));
        Assert.Contains(path, failure.Message, StringComparison.Ordinal);
        Assert.Contains(what, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task File_WithAZeroByteInItsText_IsRead()
    {
        await using InputRun<string> run = Run();
        PutBytes("a", "a\0b\n"u8);
        PutBytes("b", "name\0other\0third one\n"u8);
        PutBytes("c", "BZh9 is no archive\n"u8);
        Assert.Equal(3, (await run.TickAsync()).Count);
        await run.StopAsync();
    }

    [Theory]
    [InlineData(FileReadMode.Read)]
    [InlineData(FileReadMode.MemoryMapped)]
    public async Task File_ThatIsNoUtf8Text_LaterPartsAreNoTextEither(FileReadMode mode)
    {
        await using InputRun<string> run =
            Run(new FileSourceOptions { ReadMode = mode, MaxBytesPerBatch = 1000, LostFile = LostFilePolicy.Skip });
        string path =
            PutBytes("a", [.. Encoding.Unicode.Preamble,
                .. Encoding.Unicode.GetBytes(string.Concat(Enumerable.Repeat("one line\n", 1000)))]);
        for (int i = 0; i < 25; i++)
        {
            Assert.Empty(await run.TickAsync());
        }

        Assert.Equal(1, run.Context.Metrics.LostFiles);
        await run.StopAsync();
        Assert.Contains(path, run.Listener.Warnings.Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FileReadMode.Read)]
    [InlineData(FileReadMode.MemoryMapped)]
    public async Task OversizedRecords_DroppedOrTruncated_AreCountedAndTheOthersRead(FileReadMode mode)
    {
        foreach (OversizedRecordPolicy policy in new[] { OversizedRecordPolicy.DropRecord, OversizedRecordPolicy.Truncate })
        {
            await using InputRun<string> run = Run(
                new FileSourceOptions { ReadMode = mode, OversizedRecords = policy }, streaming: new StreamingOptions
                    { Partitions = 1, MaxRecordBytes = 10 });
            Put($"a {policy}", $"first\n{new string('x', 5000)}\nlast\n", Start + 100);
            string[] expected = policy == OversizedRecordPolicy.DropRecord ? ["first", "last"] : ["first", "xxxxxxxxxx", "last"];
            Assert.Equal(expected, await run.TickAsync());
            Assert.Equal(policy == OversizedRecordPolicy.DropRecord ? 1 : 0, run.Context.Metrics.DroppedRecords);
            await run.StopAsync();
            File.Delete(PathOf($"a {policy}"));
        }
    }

    [Fact]
    public async Task OversizedRecords_OneOfManyMegabytes_IsPassedInSeveralBatches()
    {
        await using InputRun<string> run = Run(
            new FileSourceOptions { OversizedRecords = OversizedRecordPolicy.DropRecord, MaxBytesPerBatch = 1000 },
            streaming: new StreamingOptions { Partitions = 1, MaxRecordBytes = 10 });
        Put("a", $"first\n{new string('x', 40 << 20)}\nlast\n", Start + 100);
        Assert.Empty(await run.TickAsync());   // the line's end is looked for, a piece for each batch
        Assert.Empty(await run.TickAsync());
        Assert.Equal(["first"], await run.TickAsync());
        Assert.Equal(["last"], await run.TickAsync());
        Assert.Equal(1, run.Context.Metrics.DroppedRecords);
        await run.StopAsync();
    }

    [Fact]
    public async Task LostFile_Skip_GoesOnWithoutItAndCounts()
    {
        await using InputRun<string> run =
            Run(new FileSourceOptions { MaxFilesPerBatch = 1, LostFile = LostFilePolicy.Skip },
                streaming: new StreamingOptions { Partitions = 1 });
        string second = await TakeFirstOfThreeAsync(run);
        File.Delete(second);
        await run.TickAsync();
        await run.TickAsync();
        await run.StopAsync();
        Assert.Equal(["a", "c"], run.Records);
        Assert.Equal(1, run.Context.Metrics.LostFiles);
        Assert.Contains(run.Listener.Warnings, warning => warning.Contains(second, StringComparison.Ordinal));
    }

    [Fact]
    public void LostFile_GoneBetweenItsCutAndItsRun_IsCountedOnce()
    {
        string path = Put("a", "a\nb\n", Start);
        var warnings = new List<string>();
        using FileBatch<Utf8Text> batch = CutBatch(path, FileReadMode.Read, LostFilePolicy.Skip, warnings.Add);
        File.Delete(path);
        Assert.Empty(RunTwice(batch));
        Assert.Contains(path, Assert.Single(warnings), StringComparison.Ordinal);
        using FileBatch<Utf8Text> other = CutBatch(Put("b", "b\n", Start), FileReadMode.Read, LostFilePolicy.Fail, warnings.Add);
        File.Delete(PathOf("b"));
        Assert.Throws<LostFileException>(() => RunTwice(other));
    }

    [Theory]
    [InlineData(FileReadMode.Read)]
    [InlineData(FileReadMode.MemoryMapped)]
    public void File_GrownBetweenItsCutAndItsRun_GivesWhatWasPlanned(FileReadMode mode)
    {
        string path = Put("a", "a\nb\n", Start);
        using FileBatch<Utf8Text> batch = CutBatch(path, mode, LostFilePolicy.Fail, _ => { });
        File.AppendAllText(path, "more\n");
        Assert.Equal(["a", "b", "a", "b"], RunTwice(batch));
    }

    [Fact]
    public void File_WrittenOverBetweenItsCutAndItsRun_IsLost()
    {
        string path = Put("a", "a\nb\n", Start);
        using FileBatch<Utf8Text> batch = CutBatch(path, FileReadMode.Read, LostFilePolicy.Fail, _ => { });
        File.WriteAllText(path, "c\nd\n");
        Assert.Throws<LostFileException>(() => RunTwice(batch));
    }

    [Fact]
    public async Task LostFile_PlannedFileIsGoneAtTheNextStart_SkipStartsAndWarns()
    {
        string path = Put("a", "a\n", Start + 500);
        await using (InputRun<string> first = RunWithCheckpoints(LostFilePolicy.Fail, Start))
        {
            Assert.Equal(["a"], await first.TickAsync());
        }

        File.Delete(path);
        Assert.Contains("LostFile",
            Assert.Throws<InvalidDataException>(() => RunWithCheckpoints(LostFilePolicy.Fail, Start + 1000)).Message,
            StringComparison.Ordinal);
        await using InputRun<string> second = RunWithCheckpoints(LostFilePolicy.Skip, Start + 1000);
        Put("b", "b\n", Start + 1500);
        await second.TickAsync();
        Assert.Contains("b", second.Records);
        Assert.Equal(1, second.Context.Metrics.LostFiles);
        await second.StopAsync();
        Assert.Contains(second.Listener.Warnings, warning => warning.Contains(path, StringComparison.Ordinal)
            && warning.Contains("LostFile", StringComparison.Ordinal));
    }

    [Fact]
    public async Task LostFile_ReadInPartsAndGoneAtTheNextStart_IsCountedOnce()
    {
        string path = Put("a", string.Concat(Enumerable.Repeat("line\n", 100)), Start + 500);
        await using (InputRun<string> first = RunWithCheckpoints(LostFilePolicy.Fail, Start, maxBytes: 100))
        {
            await first.TickAsync();
            await first.TickAsync();
        }

        File.Delete(path);
        await using InputRun<string> second = RunWithCheckpoints(LostFilePolicy.Skip, Start + 3000, maxBytes: 100);
        await second.TickAsync();
        Assert.Equal(1, second.Context.Metrics.LostFiles);
        await second.StopAsync();
    }

    private static FileBatch<Utf8Text> CutBatch(string path, FileReadMode mode, LostFilePolicy policy, Action<string> warn)
    {
        var file = new OpenFile(FileStatus.Of(path)!.Value, mode);
        var ranges = new FileRange[] { new(file, 0, 2), new(file, 2, file.Length) };
        file.Retain();
        file.CloseWhenRead();
        return new FileBatch<Utf8Text>(ranges, LineDecoder.Instance,
            new FileSource(new BlockPool(4096, int.MaxValue), 1000) { LostFile = policy, Warn = warn }, 2, null);
    }

    private static List<string> RunTwice(FileBatch<Utf8Text> batch)
    {
        var lines = new List<string>();
        for (int run = 0; run < 4; run++)
        {
            var output = new RecordBuffer<Utf8Text>(new TextsOf(lines));
            batch.Run(run % 2, 2, output);
            output.Flush();
        }

        return lines;
    }

    private InputRun<string> RunWithCheckpoints(LostFilePolicy policy, long startMs, long maxBytes = 1000) => InputRun<string>.Start(
        context => context.TextFileStream(Folder, new FileSourceOptions
            { NewFilesOnly = false, LostFile = policy, MaxBytesPerBatch = maxBytes }).Map(line => line.ToString())
                .Window(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(1)),
        new StreamingOptions
            { Partitions = 1, Checkpoint = new CheckpointOptions { Directory = Checkpoints, Interval = TimeSpan.FromHours(1) } },
        new ManualTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(startMs)));

    private string PutBytes(string name, ReadOnlySpan<byte> content)
    {
        string path = Put(name, "", Start + 100);
        File.WriteAllBytes(path, content);
        File.SetLastWriteTimeUtc(path, DateTimeOffset.FromUnixTimeMilliseconds(Start + 100).UtcDateTime);
        return path;
    }

    private sealed class TextsOf(List<string> lines) : LastOperator<Utf8Text>
    {
        public override void OnRecords(ReadOnlySpan<Utf8Text> items)
        {
            foreach (Utf8Text item in items)
            {
                lines.Add(item.ToString());
            }
        }
    }
}
