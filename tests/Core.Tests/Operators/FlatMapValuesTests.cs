using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

public sealed class FlatMapValuesTests
{
    [Fact]
    public void FlatMapValues_Sequences_PutsTheKeyToEachAndDropsEmptyOnes() =>
        Assert.Equal(
            [[("a", 'x'), ("a", 'y'), ("c", 'z')], []],
            StreamTest.Run([[("a", "xy"), ("b", ""), ("c", "z")], []], pairs => pairs.FlatMapValues(text => text.AsEnumerable()), In(1)));

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void FlatMapValues_EmittingMoreThanASpan_KeepsOrderAndKeys(int partitions)
    {
        (int Key, int Value)[] pairs = [(1, 1300), (2, 0), (3, 511), (4, 512), (5, 1)];
        var result = StreamTest.Run([pairs], stream => stream.FlatMapValues<int, int, int>((count, output) =>
        {
            for (int i = 0; i < count; i++)
            {
                output.Add(i);
            }
        }), In(partitions));
        Assert.Equal([pairs.SelectMany(pair => Enumerable.Range(0, pair.Value).Select(i => (pair.Key, i)))], result);
    }
}
