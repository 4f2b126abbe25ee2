using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

public sealed class DistinctTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Distinct_Repeated_GivesEachOnceABatch(int partitions)
    {
        var result = StreamTest.Run([["b", "a", "b", null!, null!], [], ["a", "a"]], words => words.Distinct(), In(partitions));
        Assert.Equal([["a", "b", "null"], [], ["a"]], Sorted(result));
    }

    [Fact]
    public void Distinct_OnePartition_KeepsTheFirstOfEach() =>
        Assert.Equal([[3, 1, 2]], StreamTest.Run([[3, 1, 3, 2, 1]], numbers => numbers.Distinct(), In(1)));

    [Fact]
    public void Distinct_ManyValues_GivesEachOnce()
    {
        int[] numbers = [.. Enumerable.Range(0, 50_000).Select(i => i * 7919 % 10_000)];
        var result = StreamTest.Run([numbers, numbers], stream => stream.Distinct(2), In(3));
        Assert.All(result, batch => Assert.Equal(Enumerable.Range(0, 10_000), batch!.Order()));
    }
}
