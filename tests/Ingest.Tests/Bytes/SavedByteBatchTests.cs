using System.Buffers;
using System.Text;

namespace FastStream.Tests;

/// <summary>Batches of received bytes, written down and read again.</summary>
public sealed class SavedByteBatchTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Load_LinesAndUnfinishedEnds_GivesTheSameRecords(int partitions)
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        for (int round = 0; round < 200; round++)
        {
            // A slice may end without an end of line: what follows is another record.
            string[] slices = [.. Enumerable.Range(0, random.Next(6))
                .Select(_ =>
                    string.Concat(Enumerable.Range(0, random.Next(1, 40)).Select(i => $"line {i}{(random.Next(3) == 0 ? "\r\n" : "\n")}"))
                    + (random.Next(2) == 0 ? "end" : "\r"))];
            using ByteBatch<Utf8Text> batch = Batch(slices, partitions);
            byte[] saved = Save(batch);
            List<string> expected = Run(batch, partitions);
            using ByteBatch<Utf8Text> loaded = ByteBatch<Utf8Text>.Load(saved, "batch", LineDecoder.Instance, partitions);
            Assert.Equal(batch.SizeBytes, loaded.SizeBytes);
            Assert.True(expected.SequenceEqual(Run(loaded, partitions)), $"Seed {seed}");
            Assert.Equal(expected.Count, loaded.RecordCount);
        }
    }

    [Fact]
    public void Load_CutAnywhere_SaysSo()
    {
        using ByteBatch<Utf8Text> batch = Batch(["one\n", "two\n"], 1);
        byte[] saved = Save(batch);
        for (int length = 1; length < saved.Length; length++)
        {
            Assert.Contains("of batch 7 cannot be read",
                Assert.Throws<InvalidDataException>(
                    () => ByteBatch<Utf8Text>.Load(saved.AsSpan(0, length), "batch 7", LineDecoder.Instance, 1)).Message);
        }

        saved[0] = 2;
        Assert.Contains("of batch 7 is of version 2",
            Assert.Throws<InvalidDataException>(() => ByteBatch<Utf8Text>.Load(saved, "batch 7", LineDecoder.Instance, 1)).Message);
    }

    private static ByteBatch<Utf8Text> Batch(string[] slices, int partitions)
    {
        var list = new List<BlockSlice>();
        foreach (string slice in slices)
        {
            Block block = new BlockPool(4096, 1).Rent();
            int length = Encoding.UTF8.GetBytes(slice, block.Span[7..]);
            list.Add(new BlockSlice(block, 7, length));
        }

        return new ByteBatch<Utf8Text>(list, LineDecoder.Instance, partitions);
    }

    private static byte[] Save(ByteBatch<Utf8Text> batch)
    {
        var output = new ArrayBufferWriter<byte>();
        batch.Save(output);
        return output.WrittenSpan.ToArray();
    }

    private static List<string> Run(ByteBatch<Utf8Text> batch, int partitions)
    {
        var lines = new List<string>();
        var buffer = new RecordBuffer<Utf8Text>(new Keep(lines));
        for (int partition = 0; partition < partitions; partition++)
        {
            batch.Run(partition, partitions, buffer);
            buffer.Flush();
        }

        return lines;
    }

    private sealed class Keep(List<string> lines) : LastOperator<Utf8Text>
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
