using System.Threading.Channels;

namespace FastStream.Tests.Core.Scheduling;

public sealed class BatchTimerTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private sealed class SetBackClock : TimeProvider
    {
        public DateTimeOffset Wall { get; set; } = DateTimeOffset.UnixEpoch;

        public long Ticks { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => Wall;

        public override long GetTimestamp() => Ticks;
    }

    [Theory]
    [InlineData(0, 1000, 1000)]
    [InlineData(1, 1000, 1000)]
    [InlineData(999, 1000, 1000)]
    [InlineData(1000, 1000, 2000)]
    [InlineData(12_000, 2000, 14_000)]
    [InlineData(12_345, 500, 12_500)]
    public void ZeroTime_IsOneIntervalBeforeTheNextMultiple(long nowMs, long intervalMs, long firstMs)
    {
        using BatchTimer timer =
            New(new ManualTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(nowMs)),
                TimeSpan.FromMilliseconds(intervalMs), MissedTickPolicy.RunEach, _ => { });
        Assert.Equal(firstMs, (timer.ZeroTime + TimeSpan.FromMilliseconds(intervalMs)).Milliseconds);
    }

    [Fact]
    public async Task Ticks_HaveTheNominalTime()
    {
        var clock = new ManualTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(300));
        var ticks = Channel.CreateUnbounded<long>();
        using BatchTimer timer = New(clock, Second, MissedTickPolicy.RunEach, time => ticks.Writer.TryWrite(time.Milliseconds));
        timer.Start();
        clock.Advance(TimeSpan.FromMilliseconds(750));
        Assert.Equal(1000, await ticks.Reader.ReadAsync());
        clock.Advance(TimeSpan.FromMilliseconds(1500));
        Assert.Equal(2000, await ticks.Reader.ReadAsync());
    }

    [Fact]
    public async Task Clock_OnATickToTheUnit_Ticks()
    {
        // Starts between two milliseconds, as a clock that begins at the present time does: milliseconds with parts are
        // not exact this far from the epoch.
        for (int part = 0; part < TimeSpan.TicksPerMillisecond; part += 97)
        {
            var clock = new ManualTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(1_790_000_000_123).AddTicks(part));
            var ticks = Channel.CreateUnbounded<long>();
            using BatchTimer timer = New(clock, Second, MissedTickPolicy.RunEach, time => ticks.Writer.TryWrite(time.Milliseconds));
            timer.Start();
            for (long tick = 1_790_000_001_000; tick <= 1_790_000_003_000; tick += 1000)
            {
                clock.Advance(DateTimeOffset.FromUnixTimeMilliseconds(tick) - clock.GetUtcNow());
                Assert.Equal(tick, await ticks.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromMinutes(1)));
            }
        }
    }

    [Theory]
    [InlineData(MissedTickPolicy.RunEach, "1000 2000 3000 4000 5000")]
    [InlineData(MissedTickPolicy.RunNewest, "1000 5000")]
    public async Task MissedTicks_FollowThePolicy(MissedTickPolicy policy, string expected)
    {
        var clock = new ManualTimeProvider();
        var ticks = Channel.CreateUnbounded<long>();
        using var stall = new ManualResetEventSlim();
        using BatchTimer timer = New(
            clock,
            Second,
            policy,
            time =>
            {
                ticks.Writer.TryWrite(time.Milliseconds);
                stall.Wait();
            });
        timer.Start();
        clock.Advance(Second);
        var seen = new List<long> { await ticks.Reader.ReadAsync() };

        // The first tick's callback stands still while four more pass.
        clock.Advance(4 * Second);
        stall.Set();
        while (seen[^1] < 5000)
        {
            seen.Add(await ticks.Reader.ReadAsync());
        }

        Assert.Equal(new BatchTime(6000), timer.Stop());
        Assert.Equal(expected, string.Join(' ', seen));
    }

    [Fact]
    public void Stop_WhileWaiting_IsAtOnce_AndGivesTheNextTime()
    {
        using BatchTimer timer = New(new ManualTimeProvider(), Second, MissedTickPolicy.RunEach, _ => { });
        timer.Start();
        Assert.Equal(new BatchTime(1000), timer.Stop());
        Assert.Equal(new BatchTime(1000), timer.Stop());
    }

    [Fact]
    public async Task Stop_InsideOfATick_DoesNotWaitForItself()
    {
        var clock = new ManualTimeProvider();
        var stopped = new TaskCompletionSource<BatchTime>();
        BatchTimer? timer = null;
        timer = New(clock, Second, MissedTickPolicy.RunEach, _ => stopped.SetResult(timer!.Stop()));
        timer.Start();
        clock.Advance(Second);
        Assert.Equal(new BatchTime(2000), await stopped.Task);
        timer.Dispose();
    }

    [Fact]
    public void Clock_WallSetBack_GoesOn()
    {
        var provider = new SetBackClock { Wall = DateTimeOffset.FromUnixTimeMilliseconds(10_000) };
        var clock = new StreamingClock(provider);
        provider.Ticks += Second.Ticks;
        provider.Wall = DateTimeOffset.UnixEpoch;
        Assert.Equal(11_000, clock.NowMs);
        Assert.Equal(Second.Ticks * 2, clock.TimestampAt(12_000));
    }

    private static BatchTimer New(TimeProvider clock, TimeSpan interval, MissedTickPolicy policy, Action<BatchTime> onTick) =>
        new(new StreamingClock(clock), interval, policy, onTick,
            TickStart.Of(BatchTime.From(clock.GetUtcNow()), new StreamingOptions { BatchInterval = interval }, earlier: null));
}
