namespace FastStream.Tests;

public class RateLimiterTests
{
    private static RateLimiter Limiter(ManualTimeProvider clock, long max = 0, long initial = 0) =>
        new(new RateOptions { MaxRecordsPerSecond = max, InitialRecordsPerSecond = initial }, clock);

    [Theory]
    [InlineData(0, 0, long.MaxValue)]
    [InlineData(100, 0, 100)]
    [InlineData(100, 50, 50)]
    [InlineData(100, 500, 100)]
    [InlineData(0, 500, 500)]
    public void RecordsPerSecond_AtFirst_IsTheLesserOfInitialAndMaximum(long max, long initial, long expected) =>
        Assert.Equal(expected, Limiter(new ManualTimeProvider(), max, initial).RecordsPerSecond);

    // Spark's RateLimiterSuite: "initializes even without a maxRate set", "updates when below maxRate", "stays below
    // maxRate despite large updates".
    [Theory]
    [InlineData(0, 105, 105)]
    [InlineData(110, 105, 105)]
    [InlineData(100, 105, 100)]
    public void Update_NewRate_NeverExceedsTheMaximum(long max, long update, long expected)
    {
        RateLimiter limiter = Limiter(new ManualTimeProvider(), max);
        limiter.Update(update);
        Assert.Equal(expected, limiter.RecordsPerSecond);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    public void Update_ZeroOrLess_IsIgnored(long update)
    {
        RateLimiter limiter = Limiter(new ManualTimeProvider(), 110);
        limiter.Update(105);
        limiter.Update(update);
        Assert.Equal(105, limiter.RecordsPerSecond);
    }

    [Fact]
    public void TryAcquire_OverManySeconds_LetsTheRateThrough()
    {
        var clock = new ManualTimeProvider();
        RateLimiter limiter = Limiter(clock, 100);
        int passed = 0;
        for (int step = 0; step < 10_000; step++)
        {
            clock.Advance(TimeSpan.FromMilliseconds(1));
            while (limiter.TryAcquire())
            {
                passed++;
            }
        }

        Assert.InRange(passed, 1000, 1001);
    }

    [Fact]
    public void TryAcquire_AfterAQuietTime_SavesASecondsWorth()
    {
        var clock = new ManualTimeProvider();
        RateLimiter limiter = Limiter(clock, 100);
        clock.Advance(TimeSpan.FromMinutes(1));
        int passed = 0;
        while (limiter.TryAcquire())
        {
            passed++;
        }

        Assert.InRange(passed, 100, 101);
    }

    [Fact]
    public async Task AcquireAsync_NothingLeft_WaitsForItsTurn()
    {
        var clock = new ManualTimeProvider();
        RateLimiter limiter = Limiter(clock, 10);
        await limiter.AcquireAsync(5);
        Task second = limiter.AcquireAsync().AsTask();
        Assert.False(second.IsCompleted);
        clock.Advance(TimeSpan.FromMilliseconds(499));
        Assert.False(second.IsCompleted);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        await second.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task AcquireAsync_GivenUp_CostsNothing()
    {
        var clock = new ManualTimeProvider();
        RateLimiter limiter = Limiter(clock, 10);
        await limiter.AcquireAsync(5);
        for (int i = 0; i < 100; i++)
        {
            using var patience = new CancellationTokenSource();
            Task impatient = limiter.AcquireAsync(10, patience.Token).AsTask();
            patience.Cancel();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        }

        Assert.False(limiter.TryAcquire());
        clock.Advance(TimeSpan.FromMilliseconds(500));
        Assert.True(limiter.TryAcquire());
    }

    [Fact]
    public void TryAcquire_WithoutLimit_AlwaysPasses()
    {
        RateLimiter limiter = Limiter(new ManualTimeProvider());
        for (int i = 0; i < 10_000; i++)
        {
            Assert.True(limiter.TryAcquire(1000));
        }
    }
}
