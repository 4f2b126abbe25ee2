namespace FastStream.Tests.Core.Operators;

/// <summary>Sums of floating point with an inverse: what has left the window has left its sum.</summary>
public sealed class LostPrecisionTests
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
        (int Key, double Value)[][] batches = [[(1, 0.1), (2, 1.0)], [(1, value)], [(1, 0.25), (2, 2.0)], [(1, 0.5)], [(1, 0.125), (2, 4.0)]];
        var found = StreamTest.Run(batches, pairs => pairs.ReduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, 2 * Second));
        Assert.Equal([(1, 0.25 + 0.5), (2, 2.0)], found[3]!.Order());
        Assert.Equal([(1, 0.5 + 0.125), (2, 4.0)], found[4]!.Order());
    }

    [Fact]
    public void Sum_OfFloatsAndHalves_IsMadeAnewToo()
    {
        (int Key, float Value)[][] floats = [[(1, 1e30f)], [(1, 0.5f)], [(1, 0.25f)]];
        Assert.Equal([(1, 0.75f)], StreamTest.Run(floats, pairs => pairs.ReduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, 2 * Second))[2]!);
        (int Key, Half Value)[][] halves = [[(1, Half.PositiveInfinity)], [(1, (Half)0.5f)], [(1, (Half)0.25f)]];
        Assert.Equal([(1, (Half)0.75f)], StreamTest.Run(halves, pairs => pairs.ReduceByKeyAndWindow((a, b) => (Half)(a + b), (a, b) => (Half)(a - b), 2 * Second))[2]!);
    }

    [Fact]
    public void Sum_BatchFailsWhileAValueLeaves_IsRightAfterwards()
    {
        (int Key, double Value)[][] batches = [[(1, double.NaN)], [(1, 1)], [(1, -1)], [(1, 2)]];
        var result = StreamTest.RunAll<(int Key, double Value), (int Key, double Value)>(
            batches,
            pairs => pairs.ReduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, 2 * Second).Filter(pair => !double.IsNaN(pair.Value) && pair.Value == 0 ? throw new IOException("now") : true),
            new StreamTestOptions { Configure = options => options with { OnBatchFailure = BatchFailurePolicy.ReportAndContinue } });
        Assert.Equal([(1, 2.0)], result.Batches[3]!);
    }
}
