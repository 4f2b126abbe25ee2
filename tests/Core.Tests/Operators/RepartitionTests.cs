using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

public sealed class RepartitionTests
{
    [Fact]
    public void Repartition_OneToThree_DealsByTurnsFromTheFirstInEveryBatch() =>
        Assert.Equal(
            [[[1, 4], [2, 5], [3]], [[], [], []], [[6], [7], []]],
            StreamTest.Run([[1, 2, 3, 4, 5], [], [6, 7]], numbers => numbers.Repartition(3).Glom(), In(1)));

    [Fact]
    public void Repartition_ThreeToTwo_BeginsAtAnotherPartitionForEachSender() =>
        Assert.Equal([[[1, 4, 5], [2, 3, 6]]], StreamTest.Run([[1, 2, 3, 4, 5, 6]], numbers => numbers.Repartition(2).Glom(), In(3)));

    [Fact]
    public void Repartition_ToOne_KeepsTheOrderOfPartitions()
    {
        int[] numbers = [.. Enumerable.Range(0, 10_000)];
        Assert.Equal([[numbers]], StreamTest.Run([numbers], stream => stream.Repartition(1).Glom(), In(3)));
    }

    [Fact]
    public void Repartition_ManyRecords_IsEvenAndTheSameEveryTime()
    {
        int[] numbers = [.. Enumerable.Range(0, 10_000)];
        var result = StreamTest.Run([numbers, numbers], stream => stream.Repartition(7).Glom(), In(3));
        Assert.Equal(result[0]!, result[1]!);
        Assert.Equal(numbers, result[0]!.SelectMany(part => part).Order());
        Assert.All(result[0]!, part => Assert.InRange(part.Length, 1425, 1432));
    }

    [Fact]
    public void Repartition_AfterAFailedBatch_BeginsAsIfItHadNeverBeen()
    {
        StreamTestResult<int[]> result = StreamTest.RunAll(
            [[1, 2], [1, 13], [1, 2]],
            numbers => numbers.FlatMap(x => x == 13 ? throw new ArithmeticException("13") : new[] { x }).Repartition(3).Glom(),
            ContinuingIn(1));
        Assert.Equal([[[1], [2], []], null, [[1], [2], []]], result.Batches);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1025)]
    public void Repartition_OutOfRange_IsRefused(int partitions) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new ManualStream<int>(Context()).Repartition(partitions));
}
