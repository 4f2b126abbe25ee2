namespace FastStream.Tests.Core.Operators;

public sealed class MapValuesTests
{
    [Fact]
    public void MapValues_Pairs_KeepsKeys() =>
        Assert.Equal([[("a", 2), ("b", 4)], [], [("a", 6)]],
            StreamTest.Run([[("a", 1), ("b", 2)], [], [("a", 3)]], pairs => pairs.MapValues(x => x * 2)));
}
