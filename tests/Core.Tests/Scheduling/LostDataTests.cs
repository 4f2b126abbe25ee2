using FastStream.Tests.Core.Checkpointing;

namespace FastStream.Tests.Core.Scheduling;

/// <summary>A batch that failed for good takes its own data along, and not what earlier batches brought for its time.</summary>
public sealed class LostDataTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly List<string> _seen = [];

    [Theory]
    [InlineData(0, 1)]
    [InlineData(2, 1)]
    [InlineData(0, 3)]
    public async Task BatchFails_InAnotherBranch_WindowOfItsTimeComesOut(int retries, int jobs)
    {
        await using var scenario = new StreamScenario(new()
        {
            Partitions = 1,
            Configure = options => options with
                { OnBatchFailure = BatchFailurePolicy.ReportAndContinue, BatchRetries = retries, ConcurrentJobs = jobs },
        });
        Describe(scenario, scenario.Input<int>([[1], [2], [3], [4], [-5], [6], [7], [8], [9], [10]]));
        await scenario.RunAsync();
        Assert.Equal(["window 5: 1 2 3 4", "window 10: 6 7 8 9 10"], Of("window"));
        Assert.Equal(["counts 5: 4", "counts 10: 5"], Of("counts"));
        // nothing of the batch that failed
        Assert.Equal("1 2 3 4 6 7 8 9 10", string.Join(' ', Of("each").Select(line => line.Split(' ')[^1])));
        Assert.Equal(new BatchTime(5000), Assert.Single(scenario.Failures).BatchTime);
        BatchInfo failed =
            scenario.Recorder.Events.Single(heard => heard.Name == "BatchCompleted" && heard.Time == new BatchTime(5000)).Batch!;
        Assert.Equal(2, failed.Outputs.Count);
    }

    [Fact]
    public async Task WindowFailsWithoutItsDataToo_IsWarnedOf()
    {
        await using var scenario =
            new StreamScenario(new()
                { Partitions = 1, Configure = options => options with { OnBatchFailure = BatchFailurePolicy.ReportAndContinue } });
        scenario.Input<int>([[1], [0], [3], [4]]).Window(2 * Second, 2 * Second)
            .Map(x => x == 1 ? throw new FormatException("1") : x).ForEachBatch((batch, time) => See("window", batch, time));
        await scenario.RunAsync();
        Assert.Equal(["window 4: 3 4"], _seen);
        Assert.StartsWith("Batch 2000 ms failed without its data too",
            scenario.Recorder.Events.Single(heard => heard.Name == "Warning").Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restart_AfterAFailedBatch_ItIsWithoutItsDataAgain()
    {
        // The checkpoint is of before: all of it runs again for the states.
        using var folder = new JobFolder();
        await using (StreamScenario first = Start(folder, 0))
        {
            Describe(first, first.Input<int>([[1], [2], [3], [4], [-5], [6], [7]]));
            await first.RunAsync();
        }

        await using (StreamScenario second = Start(folder, 7))
        {
            Describe(second, second.Input<int>([[8], [9], [10]]));
            await second.RunAsync();
        }

        Assert.Equal(["window 5: 1 2 3 4", "window 10: 6 7 8 9 10"], Of("window"));
    }

    [Fact]
    public async Task Crash_BeforeTheRunWithoutData_ItRunsAfterTheRestart()
    {
        using var folder = new JobFolder();
        await using (StreamScenario first = Start(folder, 0))
        {
            Describe(first, first.Input<int>([[1], [2], [3], [4]]));
            await first.RunAsync();
        }

        // What the log holds when the process dies between the failure and what follows it.
        using (CheckpointLog log = CheckpointLog.Open(folder))
        {
            log.Plan(5000);
            log.Commit(5000, Outcome.WithoutData);
        }

        var replays = new List<(long Second, bool IsReplay)>();
        await using (StreamScenario second = Start(folder, 5))
        {
            ManualStream<int> input = second.Input<int>([[6]]);
            Describe(second, input);
            input.Window(5 * Second, 5 * Second).ForEachBatch((batch, time) => replays.Add((time.Milliseconds / 1000, batch.IsReplay)));
            await second.RunAsync();
        }

        Assert.Equal(["window 5: 1 2 3 4"], Of("window"));
        Assert.DoesNotContain("each 5:", _seen);
        Assert.Equal([(5, true)], replays);
    }

    private static StreamScenario Start(JobFolder folder, int second) =>
        folder.Start(second, partitions: 1, interval: 100, options => options with
            { OnBatchFailure = BatchFailurePolicy.ReportAndContinue });

    private void Describe(StreamScenario scenario, DStream<int> numbers)
    {
        numbers.Window(5 * Second, 5 * Second).ForEachBatch((batch, time) => See("window", batch, time));
        numbers.CountByWindow(5 * Second, 5 * Second).ForEachBatch((batch, time) => See("counts", batch, time));
        numbers.Map(number => number < 0 ? throw new FormatException("a bad record in another branch") : number)
            .ForEachBatch((batch, time) => See("each", batch, time));
    }

    private void See<T>(string name, Batch<T> batch, BatchTime time)
    {
        lock (_seen)
        {
            _seen.Add($"{name} {time.Milliseconds / 1000}: {string.Join(' ', batch.ToArray())}".TrimEnd());
        }
    }

    private IEnumerable<string> Of(string name) => _seen.Where(line => line.StartsWith(name, StringComparison.Ordinal));

    /// <summary>Writes to the log of a program that does not run.</summary>
    private sealed class CheckpointLog(BatchLog log) : IDisposable
    {
        public static CheckpointLog Open(JobFolder folder)
        {
            int segment = BatchLog.Segments(folder.Path).Max();
            var reader = new BatchLogReader(folder.Path, segment);
            _ = reader.Frames().Count();
            return new CheckpointLog(BatchLog.Open(folder.Path, reader.Segment, reader.Length));
        }

        public void Plan(long time)
        {
            var plan = new System.Buffers.ArrayBufferWriter<byte>();
            BatchRecord.WritePlan(plan, new BatchTime(time), [], [], []);
            log.Append(plan.WrittenMemory);
        }

        public void Commit(long time, Outcome outcome) => log.Append(BatchRecord.OfCommit(new BatchTime(time), outcome));

        public void Dispose() => log.Dispose();
    }
}
