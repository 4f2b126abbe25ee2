using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

public sealed class CountByValueTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void CountByValue_Batches_CountsEachByItself(int partitions)
    {
        var result = StreamTest.Run([["a", "b", "a"], [], ["b", null!, "b", null!, "b"]], words => words.CountByValue(), In(partitions));
        Assert.Equal([["(a,2)", "(b,1)"], [], ["(b,3)", "(null,2)"]], Sorted(result));
    }

    [Fact]
    public void CountByValue_OnePartition_KeepsTheOrderOfComing() =>
        Assert.Equal([[(3, 2L), (1, 1L), (2, 1L)]], StreamTest.Run([[3, 1, 3, 2]], numbers => numbers.CountByValue(), In(1)));

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void CountByValue_ManyValues_CountsAll(int partitions)
    {
        int[] numbers = [.. Enumerable.Range(0, 60_000).Select(i => i % 20_000)];
        var result = StreamTest.Run([numbers], stream => stream.CountByValue(2), In(partitions));
        Assert.Equal(Enumerable.Range(0, 20_000).Select(i => (i, 3L)), result[0]!.Order());
    }

    [Fact]
    public void CountByValue_ResultKeyed_NeedsNoExchangeAgain()
    {
        DStream<(int Key, long Value)> counts = new ManualStream<int>(Context()).CountByValue();
        Assert.Equal(1, Exchanges(counts.ReduceByKey((a, b) => a + b)));
    }
}
