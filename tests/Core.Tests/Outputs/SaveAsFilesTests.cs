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

    [Theory]
    [InlineData("w-1000/notes")]
    [InlineData("w-1000/part-00000 w-1000/notes")]
    [InlineData("w-1000/_SUCCESS w-1000/notes")]
    [InlineData("w-1000/_SUCCESS w-1000/part-00000 w-1000/part-00000.crc")]
    [InlineData("w-1000/_SUCCESS w-1000/part-1")]
    [InlineData("w-1000/_SUCCESS w-1000/part-00000/deeper")]
    [InlineData("w-1000")]                          // a file
    public void SaveAsTextFiles_SomethingElseInThePlace_FailsTheBatchAndStays(string names)
    {
        using var directory = new TemporaryDirectory();
        foreach (string name in names.Split(' '))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(directory.File(name))!);
            File.WriteAllText(directory.File(name), "mine");
        }

        var before = directory.Files().ToDictionary();
        StreamingException failure =
            Assert.Throws<StreamingException>(() => Save([["a"]], stream => stream.SaveAsTextFiles(directory.File("w"))));
        Assert.Contains($"{directory.File("w-1000")} is there already, and is not what this program writes there",
            failure.Message, StringComparison.Ordinal);
        Assert.Equal(before, directory.Files().ToDictionary());
    }

    [Fact]
    public void SaveAsTextFiles_EmptyDirectoryOrLinkInThePlace_FailsTheBatchAndStays()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory.File("w-1000"));
        Assert.Throws<StreamingException>(() => Save([["a"]], stream => stream.SaveAsTextFiles(directory.File("w"))));
        Save([["a"]], stream => stream.SaveAsTextFiles(directory.File("good")));
        Directory.CreateSymbolicLink(directory.File("v-1000"), directory.File("good-1000"));
        Directory.CreateSymbolicLink(directory.File("u-1000"), directory.File("nowhere"));
        foreach (string link in new[] { "v", "u" })
        {
            Assert.Throws<StreamingException>(() => Save([["a"]], stream => stream.SaveAsTextFiles(directory.File(link))));
            Assert.NotNull(new FileInfo(directory.File($"{link}-1000")).LinkTarget);
        }
    }

    [Fact]
    public void SaveAsTextFiles_PlaceTakenWhileTheBatchIsWritten_FailsTheBatchAndStays()
    {
        using var directory = new TemporaryDirectory();
        using (var whole = new AtomicDirectory(directory.File("w-1000"), isOurs: SavedDirectory.IsOurs))
        {
            Directory.CreateDirectory(directory.File("w-1000"));
            File.WriteAllText(directory.File("w-1000/notes"), "mine");
            Assert.Throws<IOException>(whole.Publish);
        }

        Assert.Equal(["w-1000/notes"], directory.Files().Keys);
        Assert.Equal([directory.File("w-1000")], Directory.GetFileSystemEntries(directory.Path));
    }

    [Fact]
    public async Task SaveAsFiles_NamesOfAnotherOutput_AreRefused()
    {
        using var directory = new TemporaryDirectory();
        await using var scenario = new StreamScenario(new StreamTestOptions());
        DStream<int> numbers = scenario.Input([[1, 2]]);
        numbers.SaveAsTextFiles(directory.File("out"));
        numbers.SaveAsTextFiles(directory.File("out"), "txt");
        numbers.SaveAsTextFiles(directory.File("other"));
        foreach (Action second in new Action[]
        {
            () => numbers.Map(x => x * 10).SaveAsTextFiles(directory.File("out")),
            () => numbers.SaveAsTextFiles(directory.File("out"), ""),
            () => numbers.SaveAsTextFiles(directory.File("./out"), "txt"),
            () => numbers.SaveAsFiles(directory.File("out"), new TextFormat<int>(), "txt"),
            () => numbers.SaveAsTextFiles(Path.GetRelativePath(Environment.CurrentDirectory, directory.File("out"))),
        })
        {
            ArgumentException error = Assert.Throws<ArgumentException>("prefix", second);
            Assert.Contains("Give each output a prefix or suffix of its own.", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(3, scenario.Context.Outputs.Count);
    }

    [Theory]
    [InlineData("out", "../x", "suffix")]
    [InlineData("out", "x/y", "suffix")]
    [InlineData("out", "/etc/x", "suffix")]
    [InlineData("out", "x\\y", "suffix")]
    [InlineData("out", "x\0y", "suffix")]
    [InlineData("out/../../x", null, "prefix")]
    [InlineData("/data/out/..", null, "prefix")]
    [InlineData("../out/../x", null, "prefix")]
    [InlineData("x\0y", null, "prefix")]
    public async Task SaveAsFiles_NamesThatLeaveTheirDirectory_AreRefused(string? prefix, string? suffix, string parameter)
    {
        await using var scenario = new StreamScenario(new StreamTestOptions());
        DStream<int> numbers = scenario.Input([[1, 2]]);
        Assert.Throws<ArgumentException>(parameter, () => numbers.SaveAsTextFiles(prefix, suffix));
        Assert.Throws<ArgumentException>(parameter, () => numbers.SaveAsFiles(prefix, new TextFormat<int>(), suffix));
        Assert.Empty(scenario.Context.Outputs);
    }

    [Theory]
    [InlineData("../out/hits", "txt")]
    [InlineData("./out..", "tar.gz")]
    [InlineData("/data/...", "..")]
    [InlineData(null, null)]
    public async Task SaveAsFiles_PlainPaths_AreTaken(string? prefix, string? suffix)
    {
        await using var scenario = new StreamScenario(new StreamTestOptions());
        scenario.Input([[1, 2]]).SaveAsTextFiles(prefix, suffix);
        Assert.Single(scenario.Context.Outputs);
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
        Save([[(1, "a,b")]],
            stream => stream.SaveAsFiles(directory.File("w"), new CsvFormat<(int, string)>(), suffix: ""), new() { Partitions = 1 });
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
        Assert.Equal(expected, DStreamOperators.NameOf(prefix, suffix, new BatchTime(1000)));

    [Fact]
    public void FlushDirectory_Missing_SaysWhichAndWhy()
    {
        if (OperatingSystem.IsLinux())
        {
            IOException error = Assert.Throws<IOException>(() => DurableFile.FlushDirectory("/no/such/directory"));
            Assert.StartsWith("/no/such/directory could not be flushed to disk: No such file or directory (error 2).", error.Message);
        }
    }
}
