using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

public sealed class GlomTests
{
    [Fact]
    public void Glom_ThreePartitions_GivesThreeArrays() =>
        Assert.Equal([[[1], [2], [3, 4]], [[], [], []], [[], [], [5]]],
            StreamTest.Run([[1, 2, 3, 4], [], [5]], numbers => numbers.Glom(), In(3)));

    [Fact]
    public void Glom_OnePartition_GivesOneArray() =>
        Assert.Equal([[[1, 2, 3]], [[]]], StreamTest.Run([[1, 2, 3], []], numbers => numbers.Glom(), In(1)));
}
