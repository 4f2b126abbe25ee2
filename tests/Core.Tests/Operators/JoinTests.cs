using Xunit.Abstractions;
using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

public sealed class JoinTests(ITestOutputHelper output)
{
    private static readonly (string, int)[][] Left = [[("a", 1), ("b", 2), ("a", 3)], [("a", 1)], [(null!, 1), ("x", 2), (null!, 3)]];
    private static readonly (string, int)[][] Right = [[("c", 9), ("a", 7), ("a", 8)], [], [(null!, 10), ("y", 20)]];

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Join_Batches_GivesTheCrossProductOfEachKey(int partitions) =>
        Assert.Equal(
            [["(a,(1,7))", "(a,(1,8))", "(a,(3,7))", "(a,(3,8))"], [], ["(null,(1,10))", "(null,(3,10))"]],
            Sorted(StreamTest.Run(Left, Right, (left, right) => left.Join(right), In(partitions))));

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void LeftOuterJoin_Batches_KeepsEveryLeftValue(int partitions) =>
        Assert.Equal(
            [["(a,(1,7))", "(a,(1,8))", "(a,(3,7))", "(a,(3,8))", "(b,(2,null))"], ["(a,(1,null))"],
                ["(null,(1,10))", "(null,(3,10))", "(x,(2,null))"]],
            Sorted(StreamTest.Run(Left, Right, (left, right) => left.LeftOuterJoin(right), In(partitions))));

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void RightOuterJoin_Batches_KeepsEveryRightValue(int partitions) =>
        Assert.Equal(
            [["(a,(1,7))", "(a,(1,8))", "(a,(3,7))", "(a,(3,8))", "(c,(null,9))"], [], ["(null,(1,10))", "(null,(3,10))", "(y,(null,20))"]],
            Sorted(StreamTest.Run(Left, Right, (left, right) => left.RightOuterJoin(right), In(partitions))));

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void FullOuterJoin_Batches_KeepsEverything(int partitions) =>
        Assert.Equal(
            [
                ["(a,(1,7))", "(a,(1,8))", "(a,(3,7))", "(a,(3,8))", "(b,(2,null))", "(c,(null,9))"],
                ["(a,(1,null))"],
                ["(null,(1,10))", "(null,(3,10))", "(x,(2,null))", "(y,(null,20))"],
            ],
            Sorted(StreamTest.Run(Left, Right, (left, right) => left.FullOuterJoin(right), In(partitions))));

    [Fact]
    public void Join_SeveralValues_GoesLeftByLeftInOrderOfArrival() =>
        Assert.Equal(
            [[(1, ('a', 'x')), (1, ('a', 'y')), (1, ('a', 'z')), (1, ('b', 'x')), (1, ('b', 'y')), (1, ('b', 'z')),
                (1, ('c', 'x')), (1, ('c', 'y')), (1, ('c', 'z'))]],
            StreamTest.Run([[(1, 'a'), (1, 'b'), (1, 'c')]], [[(1, 'x'), (1, 'y'), (1, 'z')]], (left, right) => left.Join(right), In(1)));

    /// <summary>How many keys 3000 pairs a side are drawn from: few pairs a key, many, and nearly all with one.</summary>
    [Theory]
    [InlineData(4000)]
    [InlineData(300)]
    [InlineData(1_000_000)]
    public void AllKinds_ManyKeys_GoByFirstArrivalOfTheKeyAndThenLeftByLeft(int keys)
    {
        Random random = RandomSource.New(output);
        (int Key, int Value)[] left = [.. Enumerable.Range(0, 3000).Select(i => (random.Next(keys), i))];
        (int Key, int Value)[] right = [.. Enumerable.Range(0, 3000)
            .Select(i => (i % 2 == 0 ? left[random.Next(3000)].Key : random.Next(keys), -i))];
        Assert.Equal(Expected(keepsLeft: false, keepsRight: false), Run((a, b) => a.Join(b), x => (x.Key, x.Value.Left, x.Value.Right)));
        Assert.Equal(Expected(keepsLeft: true, keepsRight: false),
            Run((a, b) => a.LeftOuterJoin(b), x => (x.Key, x.Value.Left, Nullable(x.Value.Right))));
        Assert.Equal(Expected(keepsLeft: false, keepsRight: true),
            Run((a, b) => a.RightOuterJoin(b), x => (x.Key, Nullable(x.Value.Left), x.Value.Right)));
        Assert.Equal(Expected(keepsLeft: true, keepsRight: true),
            Run((a, b) => a.FullOuterJoin(b), x => (x.Key, Nullable(x.Value.Left), Nullable(x.Value.Right))));

        IEnumerable<(int, int?, int?)> Expected(bool keepsLeft, bool keepsRight)
        {
            ILookup<int, int?> lefts = left.ToLookup(x => x.Key, x => (int?)x.Value);
            ILookup<int, int?> rights = right.ToLookup(x => x.Key, x => (int?)x.Value);
            return from key in left.Concat(right).Select(x => x.Key).Distinct()
                   where (keepsRight || lefts.Contains(key)) && (keepsLeft || rights.Contains(key))
                   from leftValue in lefts[key].DefaultIfEmpty()
                   from rightValue in rights[key].DefaultIfEmpty()
                   select (key, leftValue, rightValue);
        }

        // Twice, so that the second batch finds what the first one left in memory.
        IEnumerable<(int, int?, int?)> Run<T>(
            Func<DStream<(int Key, int Value)>, DStream<(int Key, int Value)>, DStream<T>> join, Func<T, (int, int?, int?)> plain) =>
            StreamTest.Run([left, left], [right, right], join, In(1))[1]!.Select(plain);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void FullOuterJoin_ManyKeys_IsAsLinqHasIt(int partitions)
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        (int Key, int Value)[] left = [.. Enumerable.Range(0, 5000).Select(i => (random.Next(4000), i))];
        (int Key, int Value)[] right = [.. Enumerable.Range(0, 4000).Select(i => (random.Next(4000) + 1000, i))];
        ILookup<int, int> lefts = left.ToLookup(x => x.Key, x => x.Value);
        ILookup<int, int> rights = right.ToLookup(x => x.Key, x => x.Value);
        var expected = from key in left.Concat(right).Select(x => x.Key).Distinct()
                       from leftValue in lefts[key].Select(x => (int?)x).DefaultIfEmpty()
                       from rightValue in rights[key].Select(x => (int?)x).DefaultIfEmpty()
                       select (key, leftValue, rightValue);
        var result = StreamTest.Run([left], [right], (a, b) => a.FullOuterJoin(b, 2), In(partitions));
        Assert.True(
            expected.Order().SequenceEqual(result[0]!.Select(x => (x.Key, Nullable(x.Value.Left), Nullable(x.Value.Right))).Order()),
            $"seed {seed}");
    }

    [Fact]
    public void Join_SameInputTwice_GivesTheSameOrder()
    {
        (int Key, int Value)[] pairs = [.. Enumerable.Range(0, 4000).Select(i => (i * 7919 % 1000, i))];
        var result = StreamTest.Run([pairs, pairs, pairs], [pairs, pairs, pairs], (left, right) => left.Join(right), In(3));
        Assert.Equal(result[0]!, result[1]!);
        Assert.Equal(result[0]!, result[2]!);
    }

    [Fact]
    public void Join_WithItself_Works() =>
        Assert.Equal([["(1,(2,2))", "(3,(4,4))"]], Sorted(StreamTest.Run([[(1, 2), (3, 4)]], pairs => pairs.Join(pairs), In(3))));

    [Fact]
    public void Join_PartitionedAlike_ExchangesNothingAgain()
    {
        DStream<(int Key, int Value)> pairs = new ManualStream<int>(Context()).Map(x => (Key: x, Value: x));
        DStream<(int Key, int Value)> left = pairs.ReduceByKey((a, b) => a + b);
        DStream<(int Key, int Value)> right = pairs.PartitionBy();
        Assert.Equal(2, Exchanges(left.Join(right)));
        Assert.Equal(2, Exchanges(left.Join(right).GroupByKey()));
        Assert.Equal(4, Exchanges(left.Join(right, 5)));
        Assert.Equal(2, Exchanges(pairs.PartitionBy(7).Join(pairs.PartitionBy(7))));
        Assert.Equal(3, Exchanges(pairs.PartitionBy(7).Join(right)));
    }

    [Fact]
    public void Join_PartitionedAlike_GivesTheSame() =>
        Assert.Equal(
            [["(a,(4,15))"]],
            Sorted(StreamTest.Run(Left[..1], Right[..1],
                (left, right) => left.ReduceByKey((a, b) => a + b).Join(right.ReduceByKey((a, b) => a + b)), In(3))));

    [Fact]
    public void Join_QuerySyntax_Joins()
    {
        var result = StreamTest.Run(
            [["ann", "bob"]], [[(3, "x"), (4, "y")]], (names, marks) =>
                from name in names join mark in marks on name.Length equals mark.Item1 select $"{name}-{mark.Item2}", In(1));
        Assert.Equal([["ann-x", "bob-x"]], result);
    }

    private static int? Nullable(Optional<int> value) => value.HasValue ? value.Value : null;
}
