namespace FastStream.Tests.Core.Operators;

/// <summary>Sums of floating point with an inverse: what has left the window has left its sum.</summary>
public sealed class InverseOfRoundingValuesTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    [InlineData(1e300)]
    [InlineData(1e17)]
    public void Sum_AfterTheValueHasLeft_IsThatOfTheRest(double value)
    {
        (int Key, double Value)[][] batches = [[(1, 0.1), (2, 1.0)], [(1, value)], [(1, 0.25), (2, 2.0)], [(1, 0.5)],
            [(1, 0.125), (2, 4.0)]];
        var found = StreamTest.Run(batches, pairs => pairs.ReduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, 2 * Second));
        Assert.Equal([(1, 0.25 + 0.5), (2, 2.0)], found[3]!.Order());
        Assert.Equal([(1, 0.5 + 0.125), (2, 4.0)], found[4]!.Order());
    }

    [Fact]
    public void Sum_OfFloatsAndHalves_IsMadeAnewToo()
    {
        (int Key, float Value)[][] floats = [[(1, 1e30f)], [(1, 0.5f)], [(1, 0.25f)]];
        Assert.Equal([(1, 0.75f)],
            StreamTest.Run(floats, pairs => pairs.ReduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, 2 * Second))[2]!);
        (int Key, Half Value)[][] halves = [[(1, Half.PositiveInfinity)], [(1, (Half)0.5f)], [(1, (Half)0.25f)]];
        Assert.Equal([(1, (Half)0.75f)],
            StreamTest.Run(halves, pairs => pairs.ReduceByKeyAndWindow((a, b) => (Half)(a + b), (a, b) => (Half)(a - b), 2 * Second))[2]!);
    }

    [Fact]
    public void Sum_BatchFailsWhileAValueLeaves_IsRightAfterwards()
    {
        (int Key, double Value)[][] batches = [[(1, double.NaN)], [(1, 1)], [(1, -1)], [(1, 2)]];
        var result = StreamTest.RunAll<(int Key, double Value), (int Key, double Value)>(
            batches,
            pairs => pairs.ReduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, 2 * Second)
                .Filter(pair => !double.IsNaN(pair.Value) && pair.Value == 0 ? throw new IOException("now") : true),
            new StreamTestOptions { Configure = options => options with { OnBatchFailure = BatchFailurePolicy.ReportAndContinue } });
        Assert.Equal([(1, 2.0)], result.Batches[3]!);
    }

    [Theory]
    [InlineData(0.9)]
    [InlineData(0.1)]
    [InlineData(1.7)]
    public void Sum_MagnitudesDriftOrJump_IsThatOfRecomputing(double factor)
    {
        int seed = Random.Shared.Next();
        var random = new Random(seed);
        double scale = 1e16;
        (int Key, double Value)[][] batches = Enumerable.Range(0, 200).Select(_ =>
        {
            scale *= factor;
            return new[] { (1, scale * random.NextDouble()), (2, Odd(random)) };
        }).ToArray();
        Check(batches, (a, b) => a + b, (a, b) => a - b, seed);
        Check(Of(batches, value => (float)value), (a, b) => a + b, (a, b) => a - b, seed);
        Check(Of(batches, value => (Sum: value, Count: 1L)), (a, b) => (a.Sum + b.Sum, a.Count + b.Count),
            (a, b) => (a.Sum - b.Sum, a.Count - b.Count), seed);
        Check(Of(batches, value => (double?)value), (a, b) => a + b, (a, b) => a - b, seed);
        Check(Of(batches, value => new System.Numerics.Complex(value, 1)), (a, b) => a + b, (a, b) => a - b, seed);
    }

    [Fact]
    public void Sum_OfDecimals_IsThatOfRecomputing()
    {
        (int Key, decimal Value)[][] batches = [[(1, 1e20m)], [(1, 1e-10m)], [(1, 2e-10m)], [(1, 3e-10m)]];
        Check(batches, (a, b) => a + b, (a, b) => a - b, seed: 0);
    }

    [Theory]
    [InlineData(typeof(long), false)]
    [InlineData(typeof((long, int?)), false)]
    [InlineData(typeof(System.Numerics.BigInteger), false)]
    [InlineData(typeof(long[]), false)]
    [InlineData(typeof(TimeSpan), false)]
    [InlineData(typeof(Counts), false)]
    [InlineData(typeof(decimal), true)]
    [InlineData(typeof(Half), true)]
    [InlineData(typeof((int, (long, float))), true)]
    [InlineData(typeof(double?), true)]
    [InlineData(typeof(double[]), true)]
    [InlineData(typeof(Average), true)]
    [InlineData(typeof(System.Numerics.Complex), true)]
    [InlineData(typeof(System.Numerics.Vector<double>), true)]
    [InlineData(typeof(object), true)]
    public void MayRound_ByType_SeesFieldsAndArguments(Type type, bool mayRound) =>
        Assert.Equal(mayRound, RoundingFields.MayRound(type, []));

    private static double Odd(Random random) => random.Next(8) switch
    {
        0 => double.NaN,
        1 => double.PositiveInfinity,
        2 => double.NegativeInfinity,
        3 => 1e300,
        _ => random.NextDouble() * Math.Pow(10, random.Next(-20, 20)),
    };

    private static (int Key, TValue Value)[][] Of<TValue>((int Key, double Value)[][] batches, Func<double, TValue> value) =>
        [.. batches.Select(batch => batch.Select(pair => (pair.Key, value(pair.Value))).ToArray())];

    // In the order of the batches, as a window of three without an inverse does it: the same to the last bit.
    private static void Check<TValue>((int Key, TValue Value)[][] batches, Func<TValue, TValue, TValue> add,
        Func<TValue, TValue, TValue> subtract, int seed)
    {
        var found = StreamTest.Run(batches, pairs => pairs.ReduceByKeyAndWindow(add, subtract, 3 * Second));
        for (int i = 0; i < batches.Length; i++)
        {
            (int, TValue)[] expected = [.. batches[Math.Max(0, i - 2)..(i + 1)].SelectMany(batch => batch)
                .GroupBy(pair => pair.Key, pair => pair.Value)
                .Select(group => (group.Key, group.Aggregate(add))).OrderBy(pair => pair.Key)];
            Assert.True(expected.SequenceEqual(found[i]!.OrderBy(pair => pair.Key)), $"seed {seed}, batch {i}");
        }
    }

    private sealed record Counts(long Count, string Name);

    private sealed record Average(string Name, double Sum);
}
