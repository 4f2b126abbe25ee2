namespace FastStream.Tests.Core.Operators;

public sealed class KeysTests
{
    [Fact]
    public void Keys_Pairs_GivesKeysAndValuesInOrder()
    {
        Assert.Equal([[1, 2, 1]], StreamTest.Run([[(1, "a"), (2, "b"), (1, "c")]], pairs => pairs.Keys()));
        Assert.Equal([["a", "b", "c"]], StreamTest.Run([[(1, "a"), (2, "b"), (1, "c")]], pairs => pairs.Values()));
    }
}
