namespace FastStream.Tests.Core.Scheduling;

/// <summary>Listeners are warned of a batch that takes long, with the name of what it waits for.</summary>
public sealed class BatchWatchdogTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);   // only a hang takes it
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(false, "ForEachBatch of Map 1")]
    [InlineData(true, "Map 1")]
    public async Task Batch_TakesLong_IsWarnedOfAtTheLimitAndWheneverThatHasDoubled(bool inOperator, string name)
    {
        await using var scenario =
            new StreamScenario(new() { Configure = options => options with { BatchInterval = TimeSpan.FromHours(1) } });
        using var gate = new ManualResetEventSlim();
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Wait()
        {
            began.TrySetResult();
            gate.Wait();
        }

        scenario.Input([[1]]).Map(x =>
        {
            if (inOperator)
            {
                Wait();
            }

            return x;
        }).ForEachBatch((_, _) =>
        {
            if (!inOperator)
            {
                Wait();
            }
        });
        scenario.Context.Start();
        scenario.Clock.Advance(TimeSpan.FromHours(1));
        try
        {
            await began.Task.WaitAsync(Long);
            scenario.Clock.Advance(TimeSpan.FromHours(10) - Second);
            scenario.Clock.Advance(Second);
            scenario.Clock.Advance(TimeSpan.FromHours(10) - Second);
            scenario.Clock.Advance(Second);
            scenario.Clock.Advance(TimeSpan.FromHours(19));
        }
        finally
        {
            gate.Set();
        }

        await scenario.Context.WhenCompletedAsync(new BatchTime(3_600_000)).WaitAsync(Long);
        await scenario.DisposeAsync();

        // The clock may jump while a later batch is cut, too.
        string[] warnings = [.. scenario.Recorder.Events.Select(heard => heard.Message).OfType<string>()
            .Where(message => message.StartsWith("Batch 3600000 ms has taken", StringComparison.Ordinal))];
        Assert.Equal(
            [
                $"Batch 3600000 ms has taken 10:00:00 and is not done: {name} has not returned. It goes on; "
                    + "SlowBatchWarning sets when this is said.",
                $"Batch 3600000 ms has taken 20:00:00 and is not done: {name} has not returned. It goes on; "
                    + "SlowBatchWarning sets when this is said.",
            ],
            warnings);
    }

    [Fact]
    public void Watchdog_BatchesThatEnd_AreForgotten()
    {
        var clock = new ManualTimeProvider();
        var warned = new List<string>();
        using var watchdog = new BatchWatchdog(10 * Second, clock, (time, taken) => warned.Add($"{time} after {taken.TotalSeconds}"));
        for (int i = 1; i <= 30; i++)
        {
            watchdog.Begin(new BatchTime(i));
            clock.Advance(9 * Second);
            watchdog.End(new BatchTime(i));
            clock.Advance(Second);
        }

        Assert.Empty(warned);
        watchdog.Begin(new BatchTime(100));
        clock.Advance(5 * Second);
        watchdog.Begin(new BatchTime(101));
        clock.Advance(11 * Second);
        watchdog.End(new BatchTime(100));
        clock.Advance(30 * Second);
        Assert.Equal(["100 ms after 10", "101 ms after 10", "101 ms after 20", "101 ms after 40"], warned);
    }

    [Fact]
    public void Watchdog_Off_WarnsNever()
    {
        var clock = new ManualTimeProvider();
        using var watchdog = new BatchWatchdog(Timeout.InfiniteTimeSpan, clock, (_, _) => Assert.Fail("It is off."));
        watchdog.Begin(new BatchTime(1));
        clock.Advance(TimeSpan.FromDays(100));
        watchdog.End(new BatchTime(1));
    }

    [Theory]
    [InlineData(1, 10)]
    [InlineData(500, 10)]
    [InlineData(2000, 20)]
    [InlineData(3_600_000, 36_000)]
    public void SlowBatchWarning_Default_IsTenIntervalsAndAtLeastTenSeconds(long intervalMs, long expectedSeconds) =>
        Assert.Equal(TimeSpan.FromSeconds(expectedSeconds), new StreamingOptions
            { BatchInterval = TimeSpan.FromMilliseconds(intervalMs) }.SlowBatchLimit);
}
