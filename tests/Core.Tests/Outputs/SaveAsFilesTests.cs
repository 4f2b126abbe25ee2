using System.Buffers;

namespace FastStream.Tests.Core.Outputs;

public sealed class SaveAsFilesTests
{
    private sealed class FailingFormat : IOutputFormat<int>
    {
        public string Extension => "bad";

        public void Write(IBufferWriter<byte> output, in int record) =>
            throw new FormatException($"{record} cannot be written");
    }

    private static void Save<T>(IReadOnlyList<IReadOnlyList<T>> batches, Action<DStream<T>> output, StreamTestOptions? options = null) =>
        StreamTest.Run(batches, stream =>
        {
            output(stream);
            return stream;
        }, options);

    [Fact]
    public void SaveAsTextFiles_Batches_GiveOneDirectoryEach()
    {
        using var directory = new TemporaryDirectory();
        Save([["a", "b", "c"], [], ["d"]], stream => stream.SaveAsTextFiles(directory.File("deep/words"), "txt"));
        Assert.Equal(
            new SortedDictionary<string, string>
            {
                ["deep/words-1000.txt/part-00000"] = "a\n",
                ["deep/words-1000.txt/part-00001"] = "b\nc\n",
                ["deep/words-1000.txt/_SUCCESS"] = "",
                ["deep/words-2000.txt/part-00000"] = "",
                ["deep/words-2000.txt/part-00001"] = "",
                ["deep/words-2000.txt/_SUCCESS"] = "",
                ["deep/words-3000.txt/part-00000"] = "",
                ["deep/words-3000.txt/part-00001"] = "d\n",
                ["deep/words-3000.txt/_SUCCESS"] = "",
            },
            new SortedDictionary<string, string>(directory.Files().ToDictionary()));
    }

    [Fact]
    public void SaveAsTextFiles_DirectoryThere_IsReplacedWhole()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory.File("w-1000"));
        File.WriteAllText(directory.File("w-1000/part-00007"), "stale\n");
        Directory.CreateDirectory(directory.File(".w-1000.writing"));
        File.WriteAllText(directory.File(".w-1000.writing/part-00000"), "left by a crash\n");
        Save([["a", "b"]], stream => stream.SaveAsTextFiles(directory.File("w")));
        Assert.Equal(["w-1000/_SUCCESS", "w-1000/part-00000", "w-1000/part-00001"], directory.Files().Keys.Order(StringComparer.Ordinal));
        Assert.Equal([directory.File("w-1000")], Directory.GetDirectories(directory.Path));
    }

    [Fact]
    public void SaveAsFiles_FormatFails_BatchFailsAndNothingIsLeft()
    {
        using var directory = new TemporaryDirectory();
        StreamingException failure = Assert.Throws<StreamingException>(
            () => Save([[1]], stream => stream.SaveAsFiles(directory.File("w"), new FailingFormat())));
        Assert.Equal("Batch 1000 ms failed in SaveAsFiles of ManualStream 0: 1 cannot be written", failure.Message);
        Assert.Empty(Directory.GetFileSystemEntries(directory.Path));
    }

    [Fact]
    public void SaveAsFiles_NoSuffix_TakesTheExtensionOfTheFormat()
    {
        using var directory = new TemporaryDirectory();
        Save([[(1, "a,b")]], stream => stream.SaveAsFiles(directory.File("w"), new CsvFormat<(int, string)>()), new() { Partitions = 1 });
        Save([[(1, "a,b")]], stream => stream.SaveAsFiles(directory.File("w"), new CsvFormat<(int, string)>(), suffix: ""), new() { Partitions = 1 });
        Assert.Equal("1,\"a,b\"\r\n", directory.Files()["w-1000.csv/part-00000"]);
        Assert.Equal("1,\"a,b\"\r\n", directory.Files()["w-1000/part-00000"]);
    }

    [Fact]
    public void SaveAsTextFiles_LargePartition_IsWrittenWhole()
    {
        using var directory = new TemporaryDirectory();
        string[] records = Enumerable.Range(0, 20_000).Select(i => $"record number {i}").Append(new string('x', 300_000)).ToArray();
        Save([records], stream => stream.SaveAsTextFiles(directory.File("w")), new() { Partitions = 1 });
        Assert.Equal(records, File.ReadAllLines(directory.File("w-1000/part-00000")));
    }

    [Theory]
    [InlineData(null, null, "1000")]
    [InlineData("", "", "1000")]
    [InlineData("", "txt", "1000.txt")]
    [InlineData("dir/p", null, "dir/p-1000")]
    [InlineData("p", "tar.gz", "p-1000.tar.gz")]
    public void NameOf_PrefixAndSuffix_FollowSpark(string? prefix, string? suffix, string expected) =>
        Assert.Equal(expected, SaveAsFilesExtensions.NameOf(prefix, suffix, new BatchTime(1000)));

    [Fact]
    public void FlushDirectory_Missing_SaysWhichAndWhy()
    {
        if (OperatingSystem.IsLinux())
        {
            IOException error = Assert.Throws<IOException>(() => DurableFile.FlushDirectory("/no/such/directory"));
            Assert.StartsWith("/no/such/directory could not be brought to the disk: No such file or directory (error 2).", error.Message);
        }
    }
}
