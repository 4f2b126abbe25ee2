namespace FastStream.Tests.Core.Scheduling;

/// <summary>Batches as fast as there is input, and their numbers.</summary>
public sealed class PaceTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);   // only a hang takes it

    private sealed class Numbers : StreamingListener
    {
        public List<long> Completed { get; } = [];

        public override void OnBatchCompleted(BatchInfo batch) => Completed.Add(batch.Number);
    }

    [Fact]
    public async Task Input_OnTheRealClock_RunsDaysAtOnceAndStops()
    {
        var seen = new List<(long Number, int Record, TimeSpan SinceZero)>();
        await using var context =
            new StreamingContext(new StreamingOptions
                { BatchInterval = TimeSpan.FromHours(1), Pace = BatchPace.Input, StopWhenInputsEnd = true, Partitions = 2 });
        var input = new ManualStream<int>(context);
        input.Window(TimeSpan.FromHours(2)).ForEachBatch((batch, time) => seen.Add((batch.Number, batch.Sum(), time - context.ZeroTime)));
        for (int i = 1; i <= 100; i++)
        {
            input.Add(i);
        }

        input.Complete();
        await context.RunAsync().WaitAsync(Long);
        Assert.Equal(Enumerable.Range(1, 100).Select(i => ((long)i, i == 1 ? 1 : i + i - 1, TimeSpan.FromHours(i))), seen);
    }

    [Fact]
    public async Task Input_ABatchIsEmpty_WaitsForTheClock()
    {
        var clock = new ManualTimeProvider();
        await using var context =
            new StreamingContext(new StreamingOptions { Pace = BatchPace.Input, TimeProvider = clock, Partitions = 1 });
        var seen = new List<int>();
        var input = new ManualStream<int>(context);
        input.ForEachBatch((batch, _) => seen.Add(batch.Sum()));
        input.Add(1);
        input.Add(2);
        await context.StartAsync();
        BatchTime At(int batch) => context.ZeroTime + TimeSpan.FromSeconds(batch);
        await context.WhenCompletedAsync(At(3)).WaitAsync(Long);   // the third finds nothing
        Assert.Equal([1, 2, 0], seen);
        input.Add(4);
        input.Add(5);
        Task next = context.WhenCompletedAsync(At(4));
        Assert.False(next.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(1));
        await context.WhenCompletedAsync(At(6)).WaitAsync(Long);
        Assert.Equal([1, 2, 0, 4, 5, 0], seen);
    }

    [Fact]
    public async Task Input_AfterARestart_GoesOnBehindTheLastBatchWithItsNumber()
    {
        using var folder = new Checkpointing.JobFolder();
        var seen = new List<(long Number, int Record)>();
        var warnings = new ListenerRecorder();
        for (int run = 0; run < 3; run++)
        {
            await using var context = new StreamingContext(new StreamingOptions
            {
                Pace = BatchPace.Input,
                StopWhenInputsEnd = true,
                TimeProvider = new ManualTimeProvider(DateTimeOffset.UnixEpoch.AddSeconds(run)),
                Checkpoint = new CheckpointOptions { Directory = folder.Path },
            });
            context.AddListener(warnings);
            var input = new ManualStream<int>(context);
            input.ForEachBatch((batch, _) => seen.Add((batch.Number, batch.Sum())));
            for (int i = 0; i < 20; i++)
            {
                input.Add(run + 1);
            }

            input.Complete();
            await context.RunAsync().WaitAsync(Long);
        }

        Assert.Equal(Enumerable.Range(1, 60).Select(i => ((long)i, ((i - 1) / 20) + 1)), seen);
        Assert.DoesNotContain(warnings.Events, heard => heard.Name == "Warning");
    }

    [Fact]
    public async Task Number_OfEveryBatch_CountsIntervalsFromZeroTime()
    {
        var numbers = new Numbers();
        await using var scenario = new StreamScenario();
        scenario.Context.AddListener(numbers);
        var seen = new List<long>();
        scenario.Input<int>([[1], [], [3], [4]]).Window(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2))
            .ForEachBatch((batch, _) => seen.Add(batch.Number));
        await scenario.RunAsync();
        Assert.Equal([2, 4], seen);
        Assert.Equal([1, 2, 3, 4], numbers.Completed);
    }
}
