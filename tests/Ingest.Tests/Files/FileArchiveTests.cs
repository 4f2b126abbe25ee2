using System.IO.Compression;
using System.Text;

namespace FastStream.Tests;

/// <summary>Files that are packed: what they unpack to, their bounds, and those that are damaged.</summary>
public sealed class FileArchiveTests : FileRestartTest
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData("a.gz", FileReadMode.Read)]
    [InlineData("a.GZ", FileReadMode.MemoryMapped)]
    [InlineData("a.br", FileReadMode.Read)]
    [InlineData("a.br", FileReadMode.MemoryMapped)]
    public async Task Archive_ByItsName_IsUnpacked(string name, FileReadMode mode)
    {
        var random = new Random(7);
        string[] lines = Enumerable.Range(0, 3000).Select(i => $"{i} {new string('x', random.Next(i % 100 == 0 ? 9000 : 60))}").ToArray();
        await using InputRun<string> run = Run(new FileSourceOptions { ReadMode = mode, MaxBytesPerBatch = 100 });
        PutPacked(name, Encoding.UTF8
            .GetBytes("\uFEFF" + string.Concat(lines.Select((line, i) => line + (i % 3 == 0 ? "\r\n" : i % 3 == 1 ? "\n" : "\r")))[..^1]));
        Assert.Equal(lines, await run.TickAsync());
        Assert.Empty(await run.TickAsync());
        await run.StopAsync();
    }

    [Fact]
    public async Task Gzip_OfSeveralMembers_IsOneText()
    {
        // Ends of members, and the bytes that they are read by, fall together in many ways.
        var random = new Random(11);
        for (int i = 0; i < 40; i++)
        {
            byte[] noise = new byte[8100 + (i * 5)];
            random.NextBytes(noise);
            string first = Convert.ToHexString(noise);
            byte[] packed = [.. Gzip(Encoding.UTF8.GetBytes(first)), .. Gzip([]), .. Gzip("ab\ncd\n"u8),
                .. Gzip("the archive ended here"u8)];
            Assert.Equal($"{first}ab\ncd\nthe archive ended here", Unpack($"{i}.gz", packed));
            Assert.Equal("", Unpack($"empty {i}.gz", Gzip([])));
        }
    }

    [Theory]
    [InlineData(".gz")]
    [InlineData(".br")]
    public void Archive_CutOffAnywhere_IsRefused(string ending)
    {
        byte[] packed = Pack(ending, Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 200).Select(i => $"{i * i} of {i}\n"))));
        for (int length = 1; length < packed.Length; length++)
        {
            string message = Assert.Throws<LostFileException>(() => Unpack($"{length}{ending}", packed.AsSpan(0, length))).Message;
            Assert.Contains($"{length}{ending} cannot be unpacked", message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(".gz")]
    [InlineData(".br")]
    public void Archive_WithSomethingBehindItsEnd_IsRefused(string ending) =>
        Assert.Throws<LostFileException>(() => Unpack($"a{ending}", [.. Pack(ending, "text\n"u8), .. "rubbish"u8]));

    [Fact]
    public void Archive_OfMoreThanItsBound_IsRefusedBeforeItIsInMemory()
    {
        byte[] packed = Gzip(new byte[50 << 20]);
        Assert.Contains("FileSourceOptions.MaxUnpackedBytes",
            Assert.Throws<LostFileException>(() => Unpack("a.gz", packed, maxBytes: 1 << 20)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Archive_Damaged_FailsItsBatchByName()
    {
        await using InputRun<string> run = Run();
        string path = PutBytes("a.gz", Gzip("one\ntwo\n"u8).AsSpan()[..^3]);
        await run.TickAsync();
        StreamingException failure = await Assert.ThrowsAsync<StreamingException>(() => run.Context.Completion.WaitAsync(Patience));
        Assert.Contains($"{path} cannot be unpacked: it is ", failure.Message, StringComparison.Ordinal);
        Assert.Contains("FileSourceOptions.LostFile", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Archive_DamagedUnderSkip_IsLeftOutAndCounted()
    {
        await using InputRun<string> run = Run(new FileSourceOptions { LostFile = LostFilePolicy.Skip });
        string path = PutBytes("a.gz", "no archive"u8);
        PutPacked("b.gz", "b\n"u8);
        await run.TickAsync();   // what the damaged one announces as its length fills a batch
        await run.TickAsync();
        Assert.Equal(["b"], run.Records);
        Assert.Equal(1, run.Context.Metrics.LostFiles);
        await run.StopAsync();
        Assert.Contains(run.Listener.Warnings, warning => warning.Contains($"{path} cannot be unpacked", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Archive_CompressionNone_IsReadAsItIs()
    {
        await using InputRun<byte[]> run = InputRun<byte[]>.Start(
            context => context.BinaryRecordsStream(Folder, 5, new FileSourceOptions { Compression = FileCompression.None }),
            null,
            new ManualTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(Start)));
        PutBytes("a.gz", "1234512345"u8);
        Assert.Equal(2, (await run.TickAsync()).Count);
        await run.StopAsync();
    }

    [Fact]
    public async Task Archive_OfBinaryRecords_IsUnpacked()
    {
        await using InputRun<byte[]> run = InputRun<byte[]>.Start(
            context => context.BinaryRecordsStream(Folder, 3), new StreamingOptions
                { Partitions = 2, BlockSizeBytes = 4096 }, new ManualTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(Start)));
        byte[] records = new byte[30_000];
        new Random(3).NextBytes(records);
        PutPacked("a.br", records);
        Assert.Equal(records, (await run.TickAsync()).SelectMany(record => record));
        await run.StopAsync();
    }

    [Theory]
    [InlineData(OversizedRecordPolicy.DropRecord)]
    [InlineData(OversizedRecordPolicy.Truncate)]
    [InlineData(OversizedRecordPolicy.FailStream)]
    public async Task Archive_WithRecordsThatAreTooLong_DoesAsThePolicySays(OversizedRecordPolicy policy)
    {
        var random = new Random(5);
        int[] lengths = [.. Enumerable.Range(0, 400).Select(i => i % 7 == 0 ? random.Next(90, 20_000) : random.Next(0, 101))];
        await using InputRun<string> run = Run(
            new FileSourceOptions { OversizedRecords = policy }, streaming: new StreamingOptions
                { Partitions = 2, BlockSizeBytes = 4096, MaxRecordBytes = 100, MaxBufferedBytes = 1 << 20 });
        PutPacked("a.gz", Encoding.UTF8
            .GetBytes(string.Concat(
                lengths.Select((length, i) => new string((char)('a' + (i % 26)), length) + (i % 2 == 0 ? "\r\n" : "\n")))));
        if (policy == OversizedRecordPolicy.FailStream)
        {
            await run.FailAsync();
            return;
        }

        int[] expected = [.. lengths.Where(length => length <= 100 || policy == OversizedRecordPolicy.Truncate)
            .Select(length => Math.Min(length, 100))];
        Assert.Equal(expected, (await run.TickAsync()).Select(line => line.Length));
        Assert.Equal(lengths.Length - expected.Length, run.Context.Metrics.DroppedRecords);
        await run.StopAsync();
    }

    [Fact]
    public async Task Archive_OfABatchThatFailed_RunsAgainAfterARestart()
    {
        await using (InputRun<string> first = Run(0, output: FailWhereThereAreRecords))
        {
            PutPacked("a.gz", "one\ntwo\n"u8);
            await first.FailAsync();
        }

        await using InputRun<string> second = Run(10);
        Assert.Equal(["one", "two"], await second.RecoverAsync());
        await second.StopAsync();
    }

    [Theory]
    [InlineData("UTF-16")]
    [InlineData("damaged")]
    public async Task Restart_WithAFileThatCannotBeRead_GoesOnUnderSkip(string kind)
    {
        await using (InputRun<string> first = Run(0))
        {
            PutBytes(kind == "damaged" ? "a.br" : "a", kind == "damaged" ? "no archive"u8 : Encoding.Unicode.GetBytes("one\ntwo\n"));
            await first.FailAsync();
        }

        await using (InputRun<string> second = Run(5))
        {
            await second.FailAsync();
        }

        await using InputRun<string> third = Run(10, new FileSourceOptions { LostFile = LostFilePolicy.Skip });
        Assert.Empty(await third.RecoverAsync());
        Assert.Equal(1, third.Context.Metrics.LostFiles);
        await third.StopAsync();
    }

    private string Unpack(string name, ReadOnlySpan<byte> packed, long maxBytes = 1 << 30)
    {
        string path = PutBytes(name, packed);
        using var file = new OpenFile(FileStatus.Of(path)!.Value, FileReadMode.Read);
        using UnpackedFile unpacked = UnpackedFile.Open(file, UnpackedFile.PackingOf(path, FileCompression.ByName), maxBytes);
        using var text = new MemoryStream();
        byte[] buffer = new byte[777];
        for (int length = buffer.Length; length == buffer.Length;)
        {
            length = unpacked.Fill(buffer);
            text.Write(buffer, 0, length);
        }

        return Encoding.UTF8.GetString(text.ToArray());
    }

    private string PutPacked(string name, ReadOnlySpan<byte> content) => PutBytes(name, Pack(Path.GetExtension(name), content));

    private string PutBytes(string name, ReadOnlySpan<byte> content)
    {
        string path = Put(name, "", Start + 100);
        File.WriteAllBytes(path, content);
        File.SetLastWriteTimeUtc(path, DateTimeOffset.FromUnixTimeMilliseconds(Start + 100).UtcDateTime);
        return path;
    }

    private static byte[] Pack(string ending, ReadOnlySpan<byte> content) =>
        ending.Equals(".br", StringComparison.OrdinalIgnoreCase)
            ? Packed(content, stream => new BrotliStream(stream, CompressionLevel.Fastest)) : Gzip(content);

    private static byte[] Gzip(ReadOnlySpan<byte> content) => Packed(content, stream => new GZipStream(stream, CompressionLevel.Fastest));

    private static byte[] Packed(ReadOnlySpan<byte> content, Func<Stream, Stream> pack)
    {
        using var packed = new MemoryStream();
        using (Stream stream = pack(packed))
        {
            stream.Write(content);
            stream.Flush();
        }

        return packed.ToArray();
    }
}
