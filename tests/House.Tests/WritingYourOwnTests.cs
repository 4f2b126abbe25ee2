using System.Buffers;
using System.Text;
using FastStream.Tests.House.Guide;

namespace FastStream.Tests.House;

/// <summary>What the guide's page on writing one's own shows, works.</summary>
public sealed class WritingYourOwnTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void EveryNth_SpansOfManyRecords_GivesEachNthOfAPartition(int partitions)
    {
        int[] batch = [.. Enumerable.Range(0, 1800)];
        int[] expected = [.. batch.Where(number => number % (1800 / partitions) % 7 == 0)];
        var options = new StreamTestOptions { Partitions = partitions };
        Assert.Equal([expected, [0], []], StreamTest.Run([batch, [0], []], (DStream<int> numbers) => numbers.EveryNth(7), options));
    }

    [Fact]
    public void EveryNth_BatchThatFailed_IsForgotten()
    {
        int failures = 1;
        var result = StreamTest.Run(
            [[1, 2, 3]],
            (DStream<int> numbers) => numbers.EveryNth(2)
                .Map(number => number == 3 && failures-- > 0 ? throw new IOException("once") : number),
            new StreamTestOptions { Partitions = 1, Configure = options => options with { BatchRetries = 1 } });
        Assert.Equal([[1, 3]], result);
    }

    [Fact]
    public void TabSeparated_Record_IsALine()
    {
        var output = new ArrayBufferWriter<byte>();
        new TabSeparated<(string, int)>(pair => pair.Item1, pair => pair.Item2).Write(output, ("a", 1));
        Assert.Equal("a\t1\n", Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [Fact]
    public void PointSerializer_TwoPoints_ComeBack()
    {
        var output = new ArrayBufferWriter<byte>();
        var serializer = new PointSerializer();
        serializer.Write(new Point(-1, 2), output);
        serializer.Write(new Point(3, int.MinValue), output);
        ReadOnlySpan<byte> bytes = output.WrittenSpan;
        Assert.Equal(new Point(-1, 2), serializer.Read(ref bytes));
        Assert.Equal(new Point(3, int.MinValue), serializer.Read(ref bytes));
        Assert.True(bytes.IsEmpty);
    }

    [Fact]
    public void PointSerializer_BytesThatAreTooFew_AreRefused() =>
        Assert.Throws<InvalidDataException>(() =>
        {
            ReadOnlySpan<byte> bytes = new byte[7];
            return new PointSerializer().Read(ref bytes);
        });
}
