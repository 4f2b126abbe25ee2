namespace FastStream.Tests.Core.Memory;

public sealed class GroupTests
{
    private static readonly Group<int> Middle = new(Values(9, 1, 2, 3, 9), 1, 3);

    [Fact]
    public void Group_PartOfAnArray_IsAListOfItsValues()
    {
        Assert.Equal(3, Middle.Count);
        Assert.Equal(2, Middle[1]);
        Assert.Equal([1, 2, 3], Middle.Span);
        Assert.Equal([1, 2, 3], Middle.ToArray());
        Assert.Equal(6, Middle.Sum());
        Assert.Equal("[1, 2, 3]", Middle.ToString());
        int sum = 0;
        foreach (int value in Middle)
        {
            sum += value;
        }

        Assert.Equal(6, sum);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    public void Indexer_OutOfRange_Throws(int index) => Assert.Throws<ArgumentOutOfRangeException>(() => Middle[index]);

    [Fact]
    public void Default_IsEmpty()
    {
        Group<string> none = default;
        Assert.Empty(none);
        Assert.Equal(0, none.Span.Length);
        Assert.Equal("[]", none.ToString());
        foreach (string _ in none)
        {
            Assert.Fail("An empty group has nothing to walk.");
        }
    }

    private static GroupValues<int> Values(params int[] values)
    {
        var owner = new GroupValues<int>(default, values.Length);
        values.CopyTo(owner.Array, 0);
        return owner;
    }
}
