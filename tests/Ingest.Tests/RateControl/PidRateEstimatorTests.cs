namespace FastStream.Tests;

/// <summary>The cases of Spark's PIDRateEstimatorSuite and RateControllerSuite.</summary>
public class PidRateEstimatorTests
{
    private static PidRateEstimator Estimator(double proportional = 1, double integral = 0, double derivative = 0, double minRate = 10) =>
        new(TimeSpan.FromMilliseconds(20), new RateOptions
            { Proportional = proportional, Integral = integral, Derivative = derivative, MinRecordsPerSecond = minRate });

    [Fact]
    public void Compute_First_SaysNothing() => Assert.Null(Estimator().Compute(0, 10, 10, 0));

    [Fact]
    public void Compute_Second_GivesTheProcessingRate()
    {
        PidRateEstimator estimator = Estimator();
        Assert.Null(estimator.Compute(0, 10, 10, 0));
        Assert.Equal(1000, estimator.Compute(10, 10, 10, 0));
    }

    [Fact]
    public void Compute_NoTimeBetween_SaysNothing()
    {
        PidRateEstimator estimator = Estimator();
        Assert.Null(estimator.Compute(0, 10, 10, 0));
        Assert.Equal(1000, estimator.Compute(10, 10, 10, 0));
        Assert.Null(estimator.Compute(10, 10, 10, 0));
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(10, 0)]
    public void Compute_NoRecordsOrNoTime_SaysNothing(long records, long delayMs)
    {
        PidRateEstimator estimator = Estimator();
        Assert.Null(estimator.Compute(0, 10, 10, 0));
        Assert.Equal(1000, estimator.Compute(10, 10, 10, 0));
        Assert.Null(estimator.Compute(20, records, delayMs, 0));
    }

    [Fact]
    public void Compute_SlowProcessing_IsNeverBelowTheLeastRate()
    {
        PidRateEstimator estimator = Estimator(1, 1, 0, 5);
        for (int i = 0; i < 50; i++)
        {
            Assert.Equal(i == 0 ? null : 5.0, estimator.Compute(i * 20, 1, 20, 100));
        }
    }

    [Fact]
    public void Compute_Steps_FollowTheFormula()
    {
        PidRateEstimator estimator = Estimator(0.7, 0.2, 0.1, 1);
        Assert.Null(estimator.Compute(100, 50, 10, 5));

        // rate 5000; now 80 records in 20 ms = 4000/s: error 1000, backlog 10 * 4000 / 20 = 2000, change (1000 - 0) / 0.1 s = 10000.
        Assert.Equal(5000 - (0.7 * 1000) - (0.2 * 2000) - (0.1 * 10_000), estimator.Compute(200, 80, 20, 10)!.Value, 6);

        // rate 2900; now 5000/s: error -2100, no backlog, change (-2100 - 1000) / 0.05 s = -62000.
        Assert.Equal(2900 + (0.7 * 2100) + (0.1 * 62_000), estimator.Compute(250, 50, 10, 0)!.Value, 6);
    }

    [Fact]
    public void RateController_CompletedBatches_PublishesTruncatedRatesOfItsInput()
    {
        var published = new List<long>();
        var controller = new RateController(7, Estimator(0.5, 0, 0, 1), published.Add);
        controller.OnBatchCompleted(Batch(0, 100, 7));
        controller.OnBatchCompleted(Batch(50, 3, 8));
        controller.OnBatchCompleted(Batch(100, 0, 7));
        controller.OnBatchCompleted(Batch(150, 33, 7));

        // rate 10000; 33 records in 10 ms = 3300/s: 10000 - 0.5 * 6700.
        controller.OnBatchCompleted(Batch(200, 11, 7) with { ProcessingTime = TimeSpan.FromMilliseconds(7) });
        Assert.Equal([6650, (long)(6650 - (0.5 * (6650 - (11 / 7.0 * 1000))))], published);
    }

    private static BatchInfo Batch(long endMs, long records, int stream) => new()
    {
        Time = new BatchTime(endMs),
        SubmittedAt = DateTimeOffset.UnixEpoch,
        EndedAt = DateTimeOffset.FromUnixTimeMilliseconds(endMs),
        ProcessingTime = TimeSpan.FromMilliseconds(10),
        SchedulingDelay = TimeSpan.Zero,
        Inputs = [new InputInfo(stream, "x", records, 0, null)],
    };
}
