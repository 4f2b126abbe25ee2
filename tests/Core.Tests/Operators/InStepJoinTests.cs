using Xunit.Abstractions;
using static FastStream.Tests.Core.Operators.OperatorRun;
using Pairs = FastStream.DStream<(int Key, int Value)>;

namespace FastStream.Tests.Core.Operators;

/// <summary>
/// A join of sides with unique keys against the join with a table: the same records in the same order, wherever the
/// sides part.
/// </summary>
public sealed class InStepJoinTests(ITestOutputHelper output)
{
    /// <summary>Named changes of the right side's keys.</summary>
    public static TheoryData<string> Sides =>
        ["same", "empty", "shorter", "longer", "one missing", "one more", "swapped", "other", "random"];

    [Theory]
    [MemberData(nameof(Sides))]
    public void AllKinds_GiveWhatTheTableGives(string side)
    {
        Random random = RandomSource.New(output);
        (int, int)[][] left = [.. Enumerable.Range(0, 6).Select(i => Some(random, i % 2 == 0 ? 20 : 3000))];
        (int, int)[][] right = [.. left.Select(batch => Change(batch, side, random))];
        Same(left, right, (a, b) => a.Join(b));
        Same(left, right, (a, b) => a.LeftOuterJoin(b));
        Same(left, right, (a, b) => a.RightOuterJoin(b));
        Same(left, right, (a, b) => a.FullOuterJoin(b));
    }

    [Fact]
    public void UniqueKeys_AreKnownWhereTheyAre()
    {
        Pairs pairs = new ManualStream<int>(Context()).Map(x => (Key: x, Value: x));
        Assert.False(pairs.HasUniqueKeys);
        Assert.False(pairs.PartitionBy().HasUniqueKeys);
        Pairs reduced = pairs.ReduceByKey((a, b) => a + b);
        Assert.True(reduced.HasUniqueKeys);
        Assert.True(reduced.Filter(x => x.Key > 1).MapValues(x => x + 1).HasUniqueKeys);
        Assert.True(reduced.Join(reduced).HasUniqueKeys);
        Assert.False(reduced.Join(pairs).HasUniqueKeys);
        Assert.False(reduced.Map(x => x).HasUniqueKeys);
        Assert.False(reduced.FlatMapValues<int, int, int>((x, more) => more.Add(x)).HasUniqueKeys);
        Assert.False(reduced.Union(reduced).HasUniqueKeys);
        Assert.False(reduced.PartitionBy(7).HasUniqueKeys);
        Assert.True(pairs.GroupByKey().HasUniqueKeys);
        Assert.True(pairs.CoGroup(pairs).HasUniqueKeys);
        Assert.True(pairs.CountByValue().HasUniqueKeys);
    }

    private static void Same<T>((int, int)[][] left, (int, int)[][] right, Func<Pairs, Pairs, DStream<T>> join)
    {
        // A map between: then nobody knows that keys are unique.
        var expected = StreamTest.Run(left, right, (a, b) => join(Reduced(a).Map(x => x), Reduced(b).Map(x => x)), In(1));
        var actual = StreamTest.Run(left, right, (a, b) => join(Reduced(a), Reduced(b)), In(1));
        Assert.Equal(expected.Count, actual.Count);
        for (int i = 0; i < expected.Count; i++)
        {
            Assert.Equal(expected[i]!, actual[i]!);
        }

        Assert.Equal(Sorted(expected), Sorted(StreamTest.Run(left, right, (a, b) => join(Reduced(a), Reduced(b)), In(3))));
    }

    private static Pairs Reduced(Pairs pairs) => pairs.ReduceByKey((a, b) => a + b);

    private static (int, int)[] Some(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => (random.Next(count), random.Next(100)))];

    private static (int, int)[] Change((int Key, int Value)[] batch, string side, Random random)
    {
        int at = random.Next(batch.Length);
        return side switch
        {
            "same" => [.. batch.Select(x => (x.Key, -x.Value))],
            "empty" => [],
            "shorter" => batch[..at],
            "longer" => [.. batch, (-1, 7), (-2, 8)],
            "one missing" => [.. batch.Where(x => x.Key != batch[at].Key)],
            "one more" => [.. batch[..at], (-1, 7), .. batch[at..]],
            "swapped" => [.. batch[at..], .. batch[..at]],
            "other" => [.. batch.Select(x => (x.Key + 1_000_000, x.Value))],
            _ => Some(random, batch.Length),
        };
    }
}
