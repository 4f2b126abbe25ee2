using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

public sealed class GroupByKeyTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void GroupByKey_Batches_GroupsInOrderOfArrival(int partitions)
    {
        var result = StreamTest.Run(
            [[("a", 3), ("b", 1), ("a", 1), ("a", 2)], [], [("b", 7), (null!, 1), (null!, 0)]],
            pairs => pairs.GroupByKey().Map(x => (x.Key, x.Value.ToArray())), In(partitions));
        Assert.Equal([["(a,[3, 1, 2])", "(b,[1])"], [], ["(b,[7])", "(null,[1, 0])"]], Sorted(result));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void GroupByKey_ManyKeys_GroupsAsLinqDoes(int partitions)
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        (int Key, int Value)[] pairs = [.. Enumerable.Range(0, 20_000).Select(i => (random.Next(3000), i))];
        var expected = pairs.GroupBy(x => x.Key, x => x.Value).ToDictionary(x => x.Key, x => x.ToArray());
        var result =
            StreamTest.Run([pairs, [], pairs], stream => stream.GroupByKey(2).Map(x => (x.Key, Values: x.Value.ToArray())), In(partitions));
        foreach (int batch in (int[])[0, 2])
        {
            Assert.Equal(expected.Count, result[batch]!.Count);
            Assert.All(result[batch]!, group => Assert.True(expected[group.Key].SequenceEqual(group.Values), $"seed {seed}"));
        }
    }

    [Fact]
    public void GroupByKey_Groups_AreReadableInTheOutputsFunction()
    {
        var seen = new List<string>();
        StreamTest.Run([[(1, 5), (1, 6)]], pairs =>
        {
            DStream<(int Key, Group<int> Value)> groups = pairs.GroupByKey(1);
            groups.ForEachBatch((batch, _) => seen.AddRange(batch.Select(x => RecordText.Of(x))));
            return groups.Map(x => x.Value.Span[^1]);
        });
        Assert.Equal(["(1,[5, 6])"], seen);
    }

    [Fact]
    public void GroupBy_QuerySyntax_Groups()
    {
        var result =
            StreamTest.Run([["a", "bb", "c"]],
                words => (from word in words group word by word.Length).Map(x => (x.Key, x.Value.ToArray())), In(1));
        Assert.Equal([["(1,[a, c])", "(2,[bb])"]], Sorted(result));
        var lengths =
            StreamTest.Run([["a", "bb", "c"]],
                words => (from word in words group word.Length by word[0] > 'a').Map(x => (x.Key, x.Value.ToArray())), In(1));
        Assert.Equal([["(false,[1])", "(true,[2, 1])"]], Sorted(lengths));
    }
}
