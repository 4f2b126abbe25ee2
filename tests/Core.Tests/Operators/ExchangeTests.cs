namespace FastStream.Tests.Core.Operators;

public sealed class ExchangeTests
{
    private static readonly int[][] Batches = [[.. Enumerable.Range(0, 20_000)], [], [.. Enumerable.Range(0, 3)],
        [.. Enumerable.Range(0, 9000).Select(i => i * i % 1000)]];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void SameInput_SameOrder_WhateverTheThreadsDo(int partitions)
    {
        StreamTestOptions options = OperatorRun.In(partitions);
        string First(IReadOnlyList<IReadOnlyList<(int Key, int Value)>?> result) =>
            string.Join('|', result.Select(batch => string.Join(' ', batch!)));
        string expected = First(StreamTest.Run(Batches, Operation, options));
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(expected, First(StreamTest.Run(Batches, Operation, options)));
        }

        static DStream<(int Key, int Value)> Operation(DStream<int> stream) =>
            stream.Map(x => (Key: x % 100, Value: x)).PartitionBy(5).Repartition(3).ReduceByKey((a, b) => (a * 31) + b);
    }

    [Fact]
    public void Values_OfAKey_ComeByPartitionAndArrival()
    {
        var result = StreamTest.Run(Batches, stream => stream.Map(x => (Key: 0, Value: x)).PartitionBy(3).Values(), OperatorRun.In(4));
        Assert.Equal(Batches, result);
    }

    [Fact]
    public void EveryRecord_CrossesOnce()
    {
        var result =
            StreamTest.Run(Batches,
                stream => stream.Repartition(5).Map(x => (Key: x, Value: x)).PartitionBy(2).Values(), OperatorRun.In(3));
        Assert.Equal(Batches.Select(batch => batch.Order()), result.Select(batch => batch!.Order()));
    }
}
