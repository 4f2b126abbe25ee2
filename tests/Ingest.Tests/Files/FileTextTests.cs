using System.IO.Compression;
using System.Text;

namespace FastStream.Tests;

/// <summary>What is in front of a file's text, what is no text, records that are too long, and files that are gone before they are read.</summary>
public sealed class FileTextTests : FileSourceTest
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData(FileReadMode.Read, 1)]
    [InlineData(FileReadMode.Read, 3)]
    [InlineData(FileReadMode.MemoryMapped, 3)]
    public async Task Utf8Mark_AtTheBeginning_IsNoText(FileReadMode mode, int partitions)
    {
        await using InputRun<string> run = Run(new FileSourceOptions { ReadMode = mode }, streaming: new StreamingOptions { Partitions = partitions });
        Put("a", "\uFEFFname,age\nAnn,3\n", Start + 100);
        Put("only the mark", "\uFEFF", Start + 200);
        Put("later", "x\n\uFEFFy\n", Start + 300);   // inside of a text it is a character
        Assert.Equal(["Ann,3", "name,age", "x", "\uFEFFy"], (await run.TickAsync()).Order(StringComparer.Ordinal));
        await run.StopAsync();
    }

    [Theory]
    [InlineData("UTF-16")]
    [InlineData("gzip")]
    public async Task File_ThatIsNoUtf8Text_FailsItsBatchByName(string form)
    {
        await using InputRun<string> run = Run();
        string path = PathOf("a");
        byte[] text = Encoding.UTF8.GetBytes("one line\n");
        File.WriteAllBytes(path, form == "gzip" ? Packed(text) : [.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes("one line\n")]);
        File.SetLastWriteTimeUtc(path, DateTimeOffset.FromUnixTimeMilliseconds(Start + 100).UtcDateTime);
        await run.TickAsync();
        StreamingException failure = await Assert.ThrowsAsync<StreamingException>(() => run.Context.Completion.WaitAsync(Patience));
        Assert.Contains(path, failure.Message, StringComparison.Ordinal);
        Assert.Contains(form, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FileReadMode.Read)]
    [InlineData(FileReadMode.MemoryMapped)]
    public async Task OversizedRecords_DroppedOrTruncated_AreCountedAndTheOthersRead(FileReadMode mode)
    {
        foreach (OversizedRecordPolicy policy in new[] { OversizedRecordPolicy.DropRecord, OversizedRecordPolicy.Truncate })
        {
            await using InputRun<string> run = Run(
                new FileSourceOptions { ReadMode = mode, OversizedRecords = policy }, streaming: new StreamingOptions { Partitions = 1, MaxRecordBytes = 10 });
            Put($"a {policy}", $"first\n{new string('x', 5000)}\nlast\n", Start + 100);
            string[] expected = policy == OversizedRecordPolicy.DropRecord ? ["first", "last"] : ["first", "xxxxxxxxxx", "last"];
            Assert.Equal(expected, await run.TickAsync());
            Assert.Equal(policy == OversizedRecordPolicy.DropRecord ? 1 : 0, run.Context.Metrics.DroppedRecords);
            await run.StopAsync();
            File.Delete(PathOf($"a {policy}"));
        }
    }

    [Fact]
    public async Task LostFile_Skip_GoesOnWithoutItAndCounts()
    {
        await using InputRun<string> run = Run(new FileSourceOptions { MaxFilesPerBatch = 1, LostFile = LostFilePolicy.Skip }, streaming: new StreamingOptions { Partitions = 1 });
        string second = await TakeFirstOfThreeAsync(run);
        File.Delete(second);
        await run.TickAsync();
        await run.TickAsync();
        await run.StopAsync();
        Assert.Equal(["a", "c"], run.Records);
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
        Assert.Contains("LostFile", Assert.Throws<InvalidDataException>(() => RunWithCheckpoints(LostFilePolicy.Fail, Start + 1000)).Message, StringComparison.Ordinal);
        await using InputRun<string> second = RunWithCheckpoints(LostFilePolicy.Skip, Start + 1000);
        Put("b", "b\n", Start + 1500);
        await second.TickAsync();
        Assert.Contains("b", second.Records);
        Assert.Equal(1, second.Context.Metrics.LostFiles);
        await second.StopAsync();
    }

    private InputRun<string> RunWithCheckpoints(LostFilePolicy policy, long startMs) => InputRun<string>.Start(
        context => context.TextFileStream(Folder, new FileSourceOptions { NewFilesOnly = false, LostFile = policy }).Map(line => line.ToString()).Window(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(1)),
        new StreamingOptions { Partitions = 1, Checkpoint = new CheckpointOptions { Directory = Checkpoints, Interval = TimeSpan.FromHours(1) } },
        new ManualTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(startMs)));

    private static byte[] Packed(byte[] text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(text);
        }

        return packed.ToArray();
    }
}
