namespace FastStream.Tests.Core.Operators;

public sealed class KeyByTests
{
    [Fact]
    public void KeyBy_Records_GivesPairsInOrder() =>
        Assert.Equal([[(1, "a"), (2, "bb"), (1, "c")], []],
            StreamTest.Run([["a", "bb", "c"], []], words => words.KeyBy(word => word.Length)));
}
