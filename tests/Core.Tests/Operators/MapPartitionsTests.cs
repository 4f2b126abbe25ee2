using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

public sealed class MapPartitionsTests
{
    [Fact]
    public void MapPartitions_EmptyPartitions_AreCalledToo()
    {
        var result =
            StreamTest.Run([[1, 2, 3, 4], [], [5]], numbers => numbers.MapPartitions(partition => new[] { partition.Sum() }), In(3));
        Assert.Equal([[1, 2, 7], [0, 0, 0], [0, 0, 5]], result);
    }

    [Fact]
    public void MapPartitions_WithIndex_KnowsThePartition()
    {
        var result =
            StreamTest.Run([[1, 2, 3, 4]],
                numbers => numbers.MapPartitions((partition, index) => partition.Select(number => (index, number))), In(2));
        Assert.Equal([[(0, 1), (0, 2), (1, 3), (1, 4)]], result);
    }

    [Fact]
    public void MapPartitions_ManyRecords_GivesTheWholePartitionOnce()
    {
        int[] numbers = [.. Enumerable.Range(0, 100_000)];
        var result = StreamTest.Run([numbers, numbers], stream => stream.MapPartitions(partition => partition.ToArray().Reverse()), In(1));
        Assert.Equal([numbers.Reverse(), numbers.Reverse()], result);
    }

    [Fact]
    public void MapPartitions_Null_FailsTheBatchWithAdvice()
    {
        StreamingException error = Assert.Throws<StreamingException>(
            () => StreamTest.Run([[1]], numbers => numbers.MapPartitions(_ => (IEnumerable<int>)null!), In(1)));
        Assert.Contains("MapPartitions returned null", error.InnerException!.Message);
        Assert.Contains("Return an empty one", error.Message);
    }

    [Fact]
    public void MapPartitions_KeepsKeys_OnlyWhenTold()
    {
        DStream<(int Key, int Value)> pairs = new ManualStream<int>(Context()).Map(x => (Key: x, Value: x)).PartitionBy();
        Assert.Equal(2, Exchanges(pairs.MapPartitions(partition => partition.AsEnumerable()).GroupByKey()));
        Assert.Equal(1, Exchanges(pairs.MapPartitions(partition => partition.AsEnumerable(), keepsKeys: true).GroupByKey()));
    }
}
