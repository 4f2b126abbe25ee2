using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

public sealed class UnionTests
{
    [Fact]
    public void Union_OnePartition_KeepsLeftThenRight() =>
        Assert.Equal([[1, 2, 3], [4], []], StreamTest.Run([[1, 2], [], []], [[3], [4], []], (left, right) => left.Union(right), In(1)));

    [Fact]
    public void Union_ThreePartitions_KeepsLeftThenRightInEach() =>
        Assert.Equal(
            [[[1, 7], [2, 8], [3, 9]]],
            StreamTest.Run([[1, 2, 3]], [[7, 8, 9]], (left, right) => left.Union(right).Glom(), In(3)));

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Union_WithItself_GivesEachRecordTwiceInOrder(int partitions)
    {
        int[] numbers = [.. Enumerable.Range(0, 6000)];
        var result =
            StreamTest.Run([numbers, [1]], stream => stream.Union(stream).MapPartitions(part => new[] { part.ToArray() }), In(partitions));
        Assert.Equal(numbers.Concat(numbers).Order(), result[0]!.SelectMany(part => part).Order());
        Assert.All(result[0]!, part => Assert.Equal(part[..(part.Length / 2)], part[(part.Length / 2)..]));
        Assert.Equal([1, 1], result[1]!.SelectMany(part => part));
    }

    [Fact]
    public void Union_DifferentPartitionCounts_EndsEachPartitionOnce() =>
        Assert.Equal(
            [[[0, 9], [1], [2]], [[9], [], []]],
            StreamTest.Run([[0, 1, 2], []], numbers => numbers.Union(numbers.Count().Map(_ => 9)).Glom(), In(3)));

    [Fact]
    public void Union_FirstParentHasFewerPartitions_GivesTheTurnToTheNext() =>
        Assert.Equal(
            [[[9, 0], [1], [2]], [[9], [], []]],
            StreamTest.Run([[0, 1, 2], []], numbers => numbers.Count().Map(_ => 9).Union(numbers).Glom(), In(3)));

    [Fact]
    public void Union_LateFirstParent_StillComesFirst()
    {
        int[] numbers = [.. Enumerable.Range(0, 3000)];
        var result =
            StreamTest.Run([numbers, numbers],
                stream => stream.Map(x => -x).Repartition(1).Union(stream.Repartition(2).Repartition(1), stream.Gather()), In(3));
        Assert.Equal(result[0]!, result[1]!);
        Assert.Equal(numbers.Select(x => -x), result[0]!.Take(3000));
        Assert.Equal(numbers, result[0]!.Skip(6000));
    }

    [Fact]
    public void Union_ByContext_TakesAList()
    {
        Assert.Equal([[1, 2]], StreamTest.Run([[1]], [[2]], (left, right) => left.Context.Union([left, right]), In(1)));
        Assert.Equal([[1, 2]], StreamTest.Run([[1]], [[2]], (left, right) => left.Concat(right), In(1)));
        Assert.Equal([[1]], StreamTest.Run([[1]], input => input.Union(), In(1)));
        Assert.Contains("at least one", Assert.Throws<ArgumentException>(() => Context().Union(Array.Empty<DStream<int>>())).Message);
    }

    [Fact]
    public void Union_OtherContext_IsRefused()
    {
        ArgumentException error =
            Assert.Throws<ArgumentException>(() => new ManualStream<int>(Context()).Union(new ManualStream<int>(Context())));
        Assert.Contains("same StreamingContext", error.Message);
    }

    [Fact]
    public void Union_OfStreamsPartitionedAlike_NeedsNoExchange()
    {
        DStream<(int Key, int Value)> pairs = new ManualStream<int>(Context()).Map(x => (Key: x, Value: x));
        Assert.Equal(2, Exchanges(pairs.PartitionBy().Union(pairs.GroupByKey().MapValues(group => group.Count)).GroupByKey()));
        Assert.Equal(3, Exchanges(pairs.PartitionBy().Union(pairs.PartitionBy(5)).GroupByKey()));
    }
}
