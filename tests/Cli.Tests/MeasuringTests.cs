using FastStream.Cli;

namespace FastStream.Tests.Cli;

/// <summary>Histograms, trends, and what others use of the machine.</summary>
public sealed class MeasuringTests
{
    [Fact]
    public void Percentile_ManyTimes_IsWithinThreePercent()
    {
        var random = new SeededRandom(3);
        var histogram = new Histogram();
        double[] times = [.. Enumerable.Range(0, 10_000).Select(_ => Math.Pow(10, random.Fraction() * 7))];
        foreach (double time in times)
        {
            histogram.Add(TimeSpan.FromMicroseconds(time));
        }

        Array.Sort(times);
        foreach (double part in new[] { 0.01, 0.5, 0.95, 0.99, 0.999 })
        {
            double exact = times[(int)Math.Ceiling(times.Length * part) - 1];
            Assert.InRange(histogram.Percentile(part).TotalMicroseconds, exact - 1, (exact * 1.035) + 1);
        }

        Assert.Equal(Math.Floor(times[^1]), histogram.Largest.TotalMicroseconds);
        Assert.Equal(10_000, histogram.Filled().Sum(bar => bar.Count));
    }

    [Fact]
    public void Percentile_NothingAdded_IsZero() => Assert.Equal(TimeSpan.Zero, new Histogram().Percentile(0.5));

    [Fact]
    public void Of_LineWithOutliers_IsItsSlope()
    {
        Trend trend = Trend.Of([.. Enumerable.Range(0, 100).Select(x => ((double)x, (x * 2.0) + (x % 20 == 0 ? 500 : 0)))]);
        Assert.InRange(trend.Slope, 1.99, 2.01);
        Assert.True(trend.Certainty > 10);
    }

    [Fact]
    public void Of_ManyPoints_IsThinned()
    {
        Trend trend = Trend.Of([.. Enumerable.Range(0, 10_000).Select(x => ((double)x, x * -0.5))]);
        Assert.InRange(trend.Slope, -0.5001, -0.4999);
        Assert.True(trend.Certainty < -10);
    }

    [Fact]
    public void Parse_LineOfProcStat_IsBusyAndTotal() =>
        Assert.Equal((40 + 5 + 10 + 1 + 2 + 3, 40 + 5 + 10 + 1_000 + 20 + 1 + 2 + 3), MachineLoad.Parse("cpu  40 5 10 1000 20 1 2 3 0 0"));

    [Fact]
    public void Parse_OtherLine_IsNothing() => Assert.Null(MachineLoad.Parse("intr 1 2 3"));

    [Theory]
    [InlineData("100k", 100_000)]
    [InlineData("1.5m", 1_500_000)]
    [InlineData("7", 7)]
    public void TryParse_NumberWithUnit_IsIt(string text, long expected)
    {
        Assert.True(Lists.TryParse(text, out long number));
        Assert.Equal(expected, number);
    }

    [Theory]
    [InlineData("")]
    [InlineData("k")]
    [InlineData("1.2345k")]
    [InlineData("many")]
    public void TryParse_NoWholeNumber_IsRefused(string text) => Assert.False(Lists.TryParse(text, out _));
}
