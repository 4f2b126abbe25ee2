using System.Text.Json;

namespace FastStream.Tests.Conformance.Vectors;

/// <summary>Vectors of kind <c>pid</c>: batches' figures, and the rates that Spark's controller makes of them.</summary>
public sealed class RateVectorTests
{
    public static TheoryData<string> Runnable => Vector.NamesOf(vector => vector.Kind == "pid");

    [Theory]
    [MemberData(nameof(Runnable))]
    public void Rates_AreSparks(string name)
    {
        Vector vector = Vector.All[name];
        var estimator = new PidRateEstimator(
            TimeSpan.FromMilliseconds(vector.Parameters.GetProperty("batchMs").GetInt64()),
            new RateOptions
            {
                Proportional = vector.Parameters.GetProperty("P").GetDouble(),
                Integral = vector.Parameters.GetProperty("I").GetDouble(),
                Derivative = vector.Parameters.GetProperty("D").GetDouble(),
                MinRecordsPerSecond = vector.Parameters.GetProperty("minRate").GetDouble(),
            });
        double?[] rates = vector.Input.EnumerateArray()
            .Select(row => estimator.Compute(row[0].GetInt64(), row[1].GetInt64(), row[2].GetInt64(), row[3].GetInt64())).ToArray();
        double?[] expected = JsonSerializer.Deserialize<double?[]>(vector.Expected)!;
        Assert.Equal(expected.Length, rates.Length);
        Assert.All(expected.Zip(rates),
            pair => Assert.True(pair.First is null == pair.Second is null
                && Math.Abs((pair.First ?? 0) - (pair.Second ?? 0)) < 1e-6, $"{pair.Second} was found; {pair.First} is expected."));
    }
}
