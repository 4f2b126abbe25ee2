using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

public sealed class CoGroupTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void CoGroup_Batches_GivesTheUnionOfKeys(int partitions)
    {
        var result = StreamTest.Run(
            [[("a", 1), ("b", 2), ("a", 3)], [], [(null!, 1)]],
            [[("a", "x"), ("c", "y")], [("c", "z")], [(null!, "n")]],
            (left, right) => left.CoGroup(right).MapValues(x => (x.Left.ToArray(), x.Right.ToArray())),
            In(partitions));
        Assert.Equal([["(a,([1, 3],[x]))", "(b,([2],[]))", "(c,([],[y]))"], ["(c,([],[z]))"], ["(null,([1],[n]))"]], Sorted(result));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void CoGroup_ManyKeys_IsAsLinqHasIt(int partitions)
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        (int Key, int Value)[] left = [.. Enumerable.Range(0, 5000).Select(i => (random.Next(1500), i))];
        (int Key, int Value)[] right = [.. Enumerable.Range(0, 3000).Select(i => (random.Next(1000) + 800, i))];
        var result =
            StreamTest.Run([left], [right],
                (a, b) => a.CoGroup(b, 2).MapValues(x => (Left: x.Left.ToArray(), Right: x.Right.ToArray())), In(partitions));
        ILookup<int, int> lefts = left.ToLookup(x => x.Key, x => x.Value);
        ILookup<int, int> rights = right.ToLookup(x => x.Key, x => x.Value);
        Assert.Equal(left.Concat(right).Select(x => x.Key).Distinct().Order(), result[0]!.Select(x => x.Key).Order());
        Assert.All(result[0]!,
            x => Assert.True(lefts[x.Key].SequenceEqual(x.Value.Left) && rights[x.Key].SequenceEqual(x.Value.Right), $"seed {seed}"));
    }
}
