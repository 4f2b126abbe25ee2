namespace FastStream.Tests;

/// <summary>
/// The bound on a record holds to the byte: a record as long as it is read, one byte more fails the batch, wherever the
/// record lies.
/// </summary>
public sealed class FileRecordLimitTests : FileSourceTest
{
    private static readonly string FewLines = string.Concat(Enumerable.Repeat("few\n", 700));

    public static TheoryData<FileReadMode, int, string, int> Limits
    {
        get
        {
            var cases = new TheoryData<FileReadMode, int, string, int>();
            foreach (FileReadMode mode in Enum.GetValues<FileReadMode>())
            {
                foreach (string end in new[] { "\n", "\r\n", "\r", "" })
                {
                    // Shorter than a block, so that the line may lie inside of one, and longer.
                    cases.Add(mode, 1000, end, 1);
                    cases.Add(mode, 1000, end, 3);
                    cases.Add(mode, 10_000, end, 1);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Limits))]
    public void Read_LineAboutAsLongAsTheLimit_FailsFromOneByteMoreOn(FileReadMode mode, int limit, string end, int partitions)
    {
        foreach (string around in new[] { FewLines, "" })
        {
            foreach (int length in new[] { limit - 1, limit, limit + 1, limit + 2, limit + 20 })
            {
                // A line without an end is the file's last.
                string path = Put("a", around + new string('x', length) + end + (end.Length == 0 ? "" : around), Start);
                if (length <= limit)
                {
                    Assert.Equal(length, Lengths(path, mode, limit, LineDecoder.Instance, line => line.Length, partitions).Max());
                }
                else
                {
                    var failure =
                        Assert.Throws<InvalidDataException>(
                            () => Lengths(path, mode, limit, LineDecoder.Instance, line => line.Length, partitions));
                    Assert.Contains($"has a record of more than {limit} bytes", failure.Message);
                }
            }
        }
    }

    [Theory]
    [InlineData(FileReadMode.Read)]
    [InlineData(FileReadMode.MemoryMapped)]
    public void Read_FrameAboutAsLongAsTheLimit_FailsFromOneByteMoreOn(FileReadMode mode)
    {
        byte[] frames = [.. Frame(10), .. Frame(100), .. Frame(1), .. Frame(99)];
        var decoder = new LengthPrefixedDecoder<int>(bytes => bytes.Length);
        string path = PathOf("frames");
        File.WriteAllBytes(path, frames);
        Assert.Equal([10, 100, 1, 99], Lengths(path, mode, 100, decoder, length => length));
        var failure = Assert.Throws<InvalidDataException>(() => Lengths(path, mode, 99, decoder, length => length));
        Assert.Contains("has a record of more than 99 bytes at byte 14.", failure.Message);

        // What is cut off is said to be that.
        File.WriteAllBytes(path, frames[..^1]);
        Assert.Contains("is cut off",
            Assert.Throws<InvalidDataException>(() => Lengths(path, mode, 100, decoder, length => length)).Message);

        static byte[] Frame(int length) => [0, 0, 0, (byte)length, .. new byte[length]];
    }

    private static List<int> Lengths<T>(string path, FileReadMode mode, int limit, IRecordDecoder<T> decoder,
        Func<T, int> lengthOf, int partitions = 1)
    {
        var file = new OpenFile(FileStatus.Of(path)!.Value, mode);
        using var batch =
            new FileBatch<T>([new FileRange(file, 0, file.Length)], decoder,
                new FileSource(new BlockPool(4096, int.MaxValue), limit), partitions, null);
        var lengths = new List<int>();
        for (int partition = 0; partition < partitions; partition++)
        {
            var output = new RecordBuffer<T>(new Keep<T>(lengths, lengthOf));
            batch.Run(partition, partitions, output);
            output.Flush();
        }

        return lengths;
    }

    private sealed class Keep<T>(List<int> lengths, Func<T, int> lengthOf) : LastOperator<T>
    {
        public override void OnRecords(ReadOnlySpan<T> items)
        {
            foreach (T item in items)
            {
                lengths.Add(lengthOf(item));
            }
        }
    }
}
