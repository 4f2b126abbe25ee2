namespace FastStream.Tests.Core.Operators;

/// <summary>Keyed results come in the order in which keys came, whatever the table went through before.</summary>
public sealed class ArrivalOrderTests
{
    [Fact]
    public void ReduceByKey_EqualBatchesAroundALargeOne_ComeOutInTheOrderOfArrival()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        int[] small = Enumerable.Range(0, 400).Select(_ => random.Next()).Distinct().ToArray();
        int[] large = Enumerable.Range(0, 20_000).ToArray();

        IReadOnlyList<IReadOnlyList<(int, int)>?> result = StreamTest.Run(
            [small, large, small], numbers => numbers.Map(number => (number, 1)).ReduceByKey((a, b) => a + b),
            new StreamTestOptions { Partitions = 1 });

        (int, int)[] expected = small.Select(number => (number, 1)).ToArray();
        Assert.True(expected.AsSpan().SequenceEqual(result[0]!.ToArray()), $"first batch, seed {seed}");
        Assert.True(expected.AsSpan().SequenceEqual(result[2]!.ToArray()), $"third batch, seed {seed}");
    }
}
