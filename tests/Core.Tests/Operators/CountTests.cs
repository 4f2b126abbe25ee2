using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

public sealed class CountTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Count_EveryBatch_GivesOneNumberInOnePartition(int partitions)
    {
        int[] many = [.. Enumerable.Range(0, 5000)];
        Assert.Equal([[[3L]], [[0L]], [[5000L]]], StreamTest.Run([[1, 2, 3], [], many], numbers => numbers.Count().Glom(), In(partitions)));
    }
}
