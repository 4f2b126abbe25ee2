using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

public sealed class PartitionByTests
{
    [Fact]
    public void PartitionBy_Pairs_BringsEachKeyToOnePartitionInOrder()
    {
        (int Key, int Value)[] pairs = [.. Enumerable.Range(0, 3000).Select(i => (i % 100, i))];
        var result = StreamTest.Run([pairs], stream => stream.PartitionBy(4).Glom(), In(3));
        Assert.Equal(4, result[0]!.Count);
        Assert.Equal(100, result[0]!.Sum(part => part.Select(pair => pair.Key).Distinct().Count()));
        Assert.All(result[0]!,
            part => Assert.All(part.GroupBy(pair => pair.Key),
                key => Assert.Equal(key.Select(pair => pair.Value).Order(), key.Select(pair => pair.Value))));
    }

    [Fact]
    public void PartitionBy_KeyedOperatorsBehind_ExchangeOnce()
    {
        DStream<(int Key, int Value)> pairs = new ManualStream<int>(Context()).Map(x => (Key: x, Value: x)).PartitionBy();
        Assert.Equal(
            1, Exchanges(pairs.MapValues(x => x).FlatMapValues(x => new[] { x }).Filter(x => x.Key > 0)
                .ReduceByKey((a, b) => a + b).GroupByKey()));
        Assert.Equal(1, Exchanges(pairs.PartitionBy()));
        Assert.Equal(2, Exchanges(pairs.PartitionBy(5)));
        Assert.Equal(2, Exchanges(pairs.Map(x => x).GroupByKey()));
    }

    [Fact]
    public void PartitionBy_AlreadyPartitioned_IsStillAStreamOfItsOwn()
    {
        DStream<(int Key, int Value)> pairs = new ManualStream<int>(Context()).Map(x => (Key: x, Value: x)).PartitionBy().Named("once");
        Assert.Equal("twice", pairs.PartitionBy().Named("twice").Name);
        Assert.Equal("once", pairs.Name);
    }
}
