using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

public sealed class ReduceTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Reduce_EmptyBatch_GivesNothing(int partitions) =>
        Assert.Equal([[6], [], [4]], StreamTest.Run([[1, 2, 3], [], [4]], numbers => numbers.Reduce((a, b) => a + b), In(partitions)));

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Reduce_AssociativeOnly_KeepsTheOrder(int partitions)
    {
        string[] letters = [.. Enumerable.Range(0, 2000).Select(i => $"{(char)('a' + (i % 26))}")];
        Assert.Equal([[string.Concat(letters)]], StreamTest.Run([letters], stream => stream.Reduce((a, b) => a + b), In(partitions)));
    }
}
