namespace FastStream.Tests;

public sealed class RateStreamRestartTests : FileRestartTest
{
    [Theory]
    [InlineData(StopMode.Graceful, false)]
    [InlineData(StopMode.Immediate, false)]
    [InlineData(StopMode.Immediate, true)]
    public async Task Restart_AfterAnyStop_GoesOnFromTheNumber(StopMode mode, bool saves)
    {
        var records = new List<long>();
        for (int run = 0; run < 3; run++)
        {
            // The time in between makes no records.
            await using InputRun<long> input = Run(run * 1000, 10, saves, records.AddRange);
            for (int batch = 0; batch < 3; batch++)
            {
                await input.TickAsync();
            }

            await input.StopAsync(mode);
        }

        int batches = mode == StopMode.Graceful ? 12 : 9;
        Assert.Equal(Enumerable.Range(0, batches * 10).Select(i => (long)i), records);
    }

    [Fact]
    public async Task Restart_FractionsOfARecord_AreNotLost()
    {
        // One and a half in each batch.
        var records = new List<long>();
        for (int run = 0; run < 5; run++)
        {
            await using InputRun<long> input = InputRun<long>.Start(
                context => context.RateStream(3, index => index), Options(), ClockAt(run * 10),
                TimeSpan.FromMilliseconds(500), records.AddRange);
            await input.TickAsync();
            await input.StopAsync(StopMode.Immediate);
        }

        Assert.Equal(Enumerable.Range(0, 7).Select(i => (long)i), records);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(7_000)]
    public async Task Restart_AnotherRate_LeavesNoNumberOut(long rate)
    {
        var records = new List<long>();
        await using (InputRun<long> first = Run(0, 10, saves: false, records.AddRange))
        {
            await first.TickAsync();
            await first.TickAsync();
            await first.StopAsync(StopMode.Immediate);
        }

        await using InputRun<long> second = Run(100, rate, saves: false, records.AddRange);
        await second.TickAsync();
        await second.TickAsync();
        await second.StopAsync(StopMode.Immediate);

        // The first batch may have a few less: how long the records of before would have taken is kept in whole milliseconds.
        Assert.Equal(Enumerable.Range(0, records.Count).Select(i => (long)i), records);
        Assert.InRange(records.Count, 20 + (2 * rate) - (rate / 1000), 20 + (2 * rate));
    }

    [Fact]
    public async Task Restart_BatchThatFailedInItsOutput_HasTheSameNumbers()
    {
        await using (InputRun<long> first = Run(0, 10, saves: false, _ => throw new IOException("The output fails.")))
        {
            await first.FailAsync();
        }

        await using InputRun<long> second = Run(100, 10, saves: false);
        await second.TickAsync();
        await second.StopAsync(StopMode.Immediate);
        Assert.Equal([10, 10], second.Batches.Select(batch => batch.Length));
        Assert.Equal(Enumerable.Range(0, 20).Select(i => (long)i), second.Records);
    }

    private InputRun<long> Run(int second, long rate, bool saves, Action<long[]>? output = null) =>
        InputRun<long>.Start(context => context.RateStream(rate, index => index), Options(saves), ClockAt(second), output: output);
}
