using FastStream.Tests.Core.Checkpointing;

namespace FastStream.Tests.Core.Scheduling;

/// <summary>
/// Batch times that nobody ran: of a down time, of a stall under RunNewest. What is due at them comes out all the same,
/// under its own time.
/// </summary>
public sealed class CatchUpTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly JobFolder _folder = new();
    private readonly List<string> _seen = [];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Window_EndsInADownTime_ComesOutOnce(bool isGraceful)
    {
        (int Second, int Batches)[] runs = [(0, 8), (13, 12)];
        foreach (bool hasInverse in (bool[])[true, false])
        {
            using var folder = new JobFolder();
            foreach ((int second, int batches) in runs)
            {
                await RunAsync(folder, second, batches, isGraceful, numbers =>
                {
                    See("window", numbers.Window(10 * Second, 10 * Second).Map(x => (long)x));
                    See("count", numbers.CountByWindow(10 * Second, 10 * Second));
                    var ones = numbers.Map(x => (Key: 0, Value: x));
                    See("sum", (hasInverse
                        ? ones.ReduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, 20 * Second, 10 * Second)
                            : ones.ReduceByKeyAndWindow((a, b) => a + b, 20 * Second, 10 * Second))
                        .Map(pair => (long)pair.Value));
                });
            }

            Assert.Equal(
                ["window 10: 1 1 1 1 1 1 1 1", "count 10: 8", "sum 10: 8", "window 20: 1 1 1 1 1 1 1", "count 20: 7", "sum 20: 15"], _seen);
            _seen.Clear();
        }
    }

    [Fact]
    public async Task DownTime_OfAll_GivesWhatRunningEachGives()
    {
        // Idle times without anything due, a nested window, a time-out in the middle, windows that empty themselves, a
        // count of nothing in a window.
        static void Describe(DStream<int> numbers, Action<string, DStream<long>> see)
        {
            DStream<long> longs = numbers.Map(x => (long)x);
            see("each", longs.Window(3 * Second));
            see("nested", longs.Window(2 * Second).Window(6 * Second, 6 * Second));
            see("counts", longs.Count().Window(4 * Second, 4 * Second));
            see("out", longs.Map(x => (Key: x, Value: x))
                .MapWithState(StateSpec.Function<long, long, long, long>((time, key, value, state) =>
            {
                if (!state.IsTimingOut)
                {
                    state.Update(key);
                    return default;
                }

                return -key;
            }).Timeout(5 * Second)).Window(7 * Second, 7 * Second));
        }

        var expected = new List<string>();
        await using (var scenario = new StreamScenario(new() { Partitions = 1 }))
        {
            Describe(scenario.Input<int>([[1], [2], [3], [4], [5]]),
                (name, stream) => stream.ForEachBatch((batch, time) => Add(expected, name, batch, time)));
            await scenario.RunBatchesAsync(40);
        }

        await RunAsync(_folder, 0, 3, isGraceful: false, numbers => Describe(numbers, See), i => i + 1);
        await RunAsync(_folder, 3, 2, isGraceful: true, numbers => Describe(numbers, See), i => i + 4);
        await RunAsync(_folder, 39, 1, isGraceful: false, numbers => Describe(numbers, See), _ => null);
        Assert.Equal(expected.Where(IsFull), _seen.Where(IsFull));

        static bool IsFull(string line) => !line.EndsWith(':') || !line.StartsWith("each", StringComparison.Ordinal);
    }

    [Fact]
    public async Task CatchUpEach_RunsEveryTime_WithWhatArrivedInTheFirst()
    {
        static void Describe(DStream<int> numbers, Action<string, DStream<long>> see) => see("idle", numbers.Map(x => (Key: 0, Value: x))
            .UpdateStateByKey((ReadOnlySpan<int> values, Optional<long> state) => values.IsEmpty ? state.GetValueOrDefault() + 1 : 0L)
                .Map(pair => pair.Value));
        await RunAsync(_folder, 0, 2, isGraceful: false, numbers => Describe(numbers, See));
        await RunAsync(_folder, 6, 1, isGraceful: false, numbers => Describe(numbers, See),
            configure: options => options with { CatchUp = CatchUpPolicy.RunEach, MissedTicks = MissedTickPolicy.RunNewest });
        Assert.Equal(["idle 1: 0", "idle 2: 0", "idle 3: 0", "idle 4: 1", "idle 5: 2", "idle 6: 3", "idle 7: 4"], _seen);
    }

    [Theory]
    [InlineData(CatchUpPolicy.RunDue, 60, "5: 10: 15: 20: 25: 30: 35:", 27)]
    [InlineData(CatchUpPolicy.RunDue, 12, "25: 30: 35:", 31)]
    [InlineData(CatchUpPolicy.RunEach, 7, "30: 35:", 26)]
    [InlineData(CatchUpPolicy.Skip, 60, "35:", 33)]
    public async Task CatchUp_LeavesTimesOut_CountsAndWarns(CatchUpPolicy policy, int limit, string expected, long skipped)
    {
        await RunAsync(_folder, 0, 1, isGraceful: false, numbers => See("", numbers.Window(5 * Second, 5 * Second).Map(x => (long)x)));
        _seen.Clear();
        StreamScenario scenario = await RunAsync(
            _folder, 34, 1, isGraceful: false,
            numbers => See("", numbers.Filter(_ => false).Window(5 * Second, 5 * Second).Map(x => (long)x)), null,
            options => options with { CatchUp = policy, CatchUpLimit = limit * Second });
        Assert.Equal(expected, string.Join(' ', _seen.Select(line => line.Trim().Split(' ')[0])));
        Assert.Equal(skipped, scenario.Context.Metrics.SkippedTicks);
        Assert.Single(scenario.Recorder.Events, heard => heard.Name == "Warning");
    }

    [Fact]
    public async Task RunNewest_SlideIsPassedOver_IsMadeGood()
    {
        await using var scenario =
            new StreamScenario(new() { Partitions = 1, Configure = options => options with { MissedTicks = MissedTickPolicy.RunNewest } });
        var input = new ManualStream<int>(scenario.Context);
        See("", input.Window(2 * Second, 2 * Second).Map(x => (long)x));
        scenario.Context.Start();
        for (int i = 1; i <= 6; i++)
        {
            // Ticks 3, 5, 7, 9, 11 and 13 run, and never one that a slide of two ends at.
            input.Add(i);
            Task done = scenario.Context.WhenCompletedAsync(new BatchTime(1000 * ((2 * i) + 1)));
            scenario.Clock.Jump((i == 1 ? 3 : 2) * Second);
            await done;
        }

        Assert.Equal([" 2:", " 4: 1", " 6: 2", " 8: 3", " 10: 4", " 12: 5"], _seen);
        Assert.Equal(1, scenario.Context.Metrics.SkippedTicks);
    }

    [Fact]
    public async Task InputThatCannotBeCut_WindowOfThatTimeComesOut()
    {
        await using var scenario =
            new StreamScenario(new()
                { Partitions = 1, Configure = options => options with { OnBatchFailure = BatchFailurePolicy.ReportAndContinue } });
        var input = new UncutStream(scenario.Context, failsAt: new BatchTime(2000));
        See("", input.Window(2 * Second, 2 * Second).Map(x => (long)x));
        scenario.Context.Start();
        for (int tick = 1; tick <= 4; tick++)
        {
            scenario.Clock.Advance(Second);
            if (tick != 2)
            {
                await scenario.Context.WhenCompletedAsync(new BatchTime(1000 * tick));
            }
        }

        Assert.Equal([" 2: 1", " 4: 3 4"], _seen);
    }

    [Theory]
    [InlineData(3600)]
    [InlineData(3600.4)]
    [InlineData(100_000_000)]
    public async Task Start_ClockBehindTheLastBatch_BatchesGoOnAtOnceAndWarn(double seconds)
    {
        DateTimeOffset noon = DateTimeOffset.UnixEpoch.AddYears(50);
        int at = (int)(noon - DateTimeOffset.UnixEpoch).TotalSeconds;
        await RunAsync(_folder, at, 2, isGraceful: true, numbers => See("", numbers.Count()));
        _seen.Clear();
        var clock = new ManualTimeProvider(noon.AddSeconds(-seconds));
        var recorder = new ListenerRecorder();
        await using (var context =
            new StreamingContext(new StreamingOptions
                { TimeProvider = clock, Partitions = 1, Checkpoint = new CheckpointOptions { Directory = _folder.Path } }))
        {
            context.AddListener(recorder);
            See("", new ManualStream<int>(context).Count());
            context.Start();
            for (int i = 1; i <= 5; i++)
            {
                clock.Advance(Second);
                await context.WhenCompletedAsync(BatchTime.From(noon.AddSeconds(3 + i)));
            }
        }

        Assert.Equal(Enumerable.Range(4, 5).Select(i => $" {at + i}: 0"), _seen);
        string warning = Assert.Single(recorder.Events, heard => heard.Name == "Warning").Message!;
        Assert.StartsWith("The clock reads ", warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_ClockALittleBehindAGracefulStop_WaitsForItsTurn()
    {
        // The stop runs the batch of the tick to come: second 3 of a clock that reads 2.
        await RunAsync(_folder, 0, 2, isGraceful: true, numbers => See("", numbers.Count()));
        StreamScenario second = await RunAsync(_folder, 3, 1, isGraceful: false, numbers => See("", numbers.Count()));
        Assert.Equal([" 1: 1", " 2: 1", " 3: 0", " 4: 1"], _seen);
        Assert.DoesNotContain(second.Recorder.Events, heard => heard.Name == "Warning");
    }

    [Fact]
    public async Task DownTime_OfTenMillionTicks_IsCrossedFromOneDueTimeToTheNext()
    {
        var clock = new ManualTimeProvider();
        for (int run = 0; run < 2; run++)
        {
            await using var context = new StreamingContext(new StreamingOptions
            {
                TimeProvider = clock, BatchInterval = TimeSpan.FromMilliseconds(1), Partitions = 1,
                Checkpoint = new CheckpointOptions { Directory = _folder.Path },
            });
            var input = new ManualStream<int>(context);
            input.Window(TimeSpan.FromMilliseconds(5)).ForEachBatch((batch, time) => _seen.Add($"{time.Milliseconds}: {batch.Count}"));
            input.Add(7);
            context.Start();
            clock.Advance(TimeSpan.FromMilliseconds(1));
            await context.WhenCompletedAsync(BatchTime.From(clock.GetUtcNow()));
            await context.StopAsync(StopMode.Immediate);
            Assert.Equal(run == 0 ? 0 : 10_000_000 - 4, context.Metrics.SkippedTicks);
            clock.Advance(TimeSpan.FromMilliseconds(10_000_000));
        }

        Assert.Equal(["1: 1", "2: 1", "3: 1", "4: 1", "5: 1", "10000002: 1"], _seen);
    }

    private async Task<StreamScenario> RunAsync(
        JobFolder folder, int second, int batches, bool isGraceful, Action<DStream<int>> describe,
        Func<int, int?>? record = null, Func<StreamingOptions, StreamingOptions>? configure = null)
    {
        await using StreamScenario scenario = folder.Start(second, partitions: 1, interval: 1, configure);
        var input = new ManualStream<int>(scenario.Context);
        describe(input);
        for (int i = 0; i < batches; i++)
        {
            if ((record is null ? 1 : record(i)) is { } value)
            {
                input.Add(value);
            }

            Assert.True(await scenario.RunBatchesAsync(1));
        }

        if (isGraceful)
        {
            await scenario.Context.StopAsync();
        }

        return scenario;
    }

    private void See(string name, DStream<long> stream) => stream.ForEachBatch((batch, time) => Add(_seen, name, batch, time));

    private static void Add(List<string> seen, string name, Batch<long> batch, BatchTime time) =>
        seen.Add($"{name} {time.Milliseconds / 1000}: {string.Join(' ', batch.ToArray())}".TrimEnd());

    /// <summary>Gives the second of the tick; at one time it cannot.</summary>
    private sealed class UncutStream(StreamingContext context, BatchTime failsAt) : InputDStream<int>(context, "Uncut")
    {
        protected internal override InputBatch<int> Cut(BatchTime time) =>
            time == failsAt ? throw new IOException("not now") : RecordInputBatch.Of([(int)(time.Milliseconds / 1000)]);
    }
}
