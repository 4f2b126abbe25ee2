using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

public sealed class TopKTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void TopK_Batches_GivesTheLargestInOrder(int partitions) =>
        Assert.Equal([[[9, 7, 5]], [[]], [[2]]],
            StreamTest.Run([[5, 1, 9, 2, 7], [], [2]], numbers => numbers.TopK(3, x => x).Glom(), In(partitions)));

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void TopK_Ascending_GivesTheSmallest(int partitions) =>
        Assert.Equal([[1, 2]], StreamTest.Run([[5, 1, 9, 2, 7]], numbers => numbers.TopK(2, x => x, descending: false), In(partitions)));

    [Theory]
    [InlineData(1, true)]
    [InlineData(3, true)]
    [InlineData(1, false)]
    [InlineData(3, false)]
    public void TopK_RandomWithTies_IsAsAStableSort(int partitions, bool descending)
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        (int Key, int Arrival)[] records = [.. Enumerable.Range(0, 5000).Select(i => (random.Next(50), i))];
        IEnumerable<(int, int)> expected = descending ? records.OrderByDescending(x => x.Key) : records.OrderBy(x => x.Key);
        var result = StreamTest.Run([records], stream => stream.TopK(333, x => x.Key, descending), In(partitions));
        Assert.True(expected.Take(333).SequenceEqual(result[0]!), $"seed {seed}");
    }

    [Fact]
    public void TopK_BelowOne_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new ManualStream<int>(Context()).TopK(0, x => x));
}
