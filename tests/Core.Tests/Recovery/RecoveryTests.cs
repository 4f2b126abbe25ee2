namespace FastStream.Tests.Core.Checkpointing;

/// <summary>What a program that starts again on its directory finds, does once more, and leaves out.</summary>
public sealed class RecoveryTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Stop_AtOnce_BatchesThatWereDone_CountOnceAndAreNotPutOutAgain()
    {
        using var folder = new JobFolder();
        Assert.Equal([[("a", 1)], [("a", 3)], [("a", 6)]], await TotalsAsync(folder, 0, [[1], [2], [3]]));
        Assert.Equal([[("a", 10)], [("a", 15)]], await TotalsAsync(folder, 3, [[4], [5]]));
        Assert.Equal([[("a", 21)]], await TotalsAsync(folder, 5, [[6]]));
    }

    [Fact]
    public async Task Output_FailsTheContext_BatchRunsAgainAsOneThatMayHaveBeenPutOut()
    {
        using var folder = new JobFolder();
        await using (StreamScenario first = folder.Start(interval: 100))
        {
            Sums(first, [[1], [2], [3]]).ForEachBatch((batch, time) => throw new IOException("full"));
            await first.RunBatchesAsync(1);
            await Assert.ThrowsAsync<StreamingException>(() => first.Context.Completion);
        }

        var seen = new List<(long Time, bool IsReplay, int Sum)>();
        await using StreamScenario second = folder.Start(afterTick: 1, interval: 100);
        Sums(second, [[10]]).ForEachBatch((batch, time) => seen.Add((time.Milliseconds, batch.IsReplay, batch.Single().Value)));
        await second.RunAsync(1);
        Assert.Equal([(1000, true, 1), (2000, false, 11)], seen);
    }

    [Fact]
    public async Task FailedForGood_BatchIsInNoStateAfterwards()
    {
        using var folder = new JobFolder();
        await using (StreamScenario first =
            folder.Start(interval: 100, configure: options => options with { OnBatchFailure = BatchFailurePolicy.ReportAndContinue }))
        {
            first.Output(first.Input<int>([[1], [0], [3]]).Map(x => (Key: "a", Value: 6 / x))
                .UpdateStateByKey((ReadOnlySpan<int> values, Optional<int> state) => state.GetValueOrDefault() + values.ToArray().Sum()));
            await first.RunAsync();
            Assert.Single(first.Failures);
        }

        await using StreamScenario second = folder.Start(afterTick: 3, interval: 100);
        RecordedOutput<(string Key, int Value)> found = second.Output(
            second.Input<int>([[6]]).Map(x => (Key: "a", Value: 6 / x))
                .UpdateStateByKey((ReadOnlySpan<int> values, Optional<int> state) => state.GetValueOrDefault() + values.ToArray().Sum()));
        await second.RunAsync();
        Assert.Equal([("a", 6 + 2 + 1)], found.Batches.Single());
    }

    [Theory]
    [InlineData(BatchFailurePolicy.FailContext, 0)]
    [InlineData(BatchFailurePolicy.ReportAndContinue, 0)]
    [InlineData(BatchFailurePolicy.ReportAndContinue, 2)]
    public async Task Counted_FailsWhenItRunsAgain_StopsTheContextAndLosesNothing(BatchFailurePolicy policy, int retries)
    {
        using var folder = new JobFolder();
        await using (StreamScenario first = folder.Start(interval: 100))
        {
            first.Output(Sums(first, [[1], [2], [3]]));
            await first.RunAsync();
        }

        await using (StreamScenario second =
            folder.Start(afterTick: 3, interval: 100, configure: options => options with
                { OnBatchFailure = policy, BatchRetries = retries }))
        {
            var outputs = new List<BatchTime>();
            SumsOf(second.Input<int>([[4]]).Map(x => x == 2 ? throw new FormatException("no twos any more") : x))
                .ForEachBatch((_, time) => outputs.Add(time));
            second.Context.Start();
            StreamingException failure =
                await Assert.ThrowsAsync<StreamingException>(() => second.Context.Completion.WaitAsync(TimeSpan.FromMinutes(1)));
            Assert.Equal(new BatchTime(2000), failure.BatchTime);
            Assert.IsType<FormatException>(failure.InnerException);
            Assert.StartsWith("Batch 2000 ms failed in Map ", failure.Message, StringComparison.Ordinal);
            Assert.Contains("no twos any more. The states count the batch since an earlier run", failure.Message, StringComparison.Ordinal);
            Assert.Contains("mend the cause", failure.Message, StringComparison.Ordinal);
            Assert.Empty(outputs);
        }

        Assert.Equal([[("a", 10)]], await TotalsAsync(folder, 3, [[4]]));
    }

    [Fact]
    public async Task Start_AfterGracefulStop_RunsNothingAgain()
    {
        using var folder = new JobFolder();
        await using (StreamScenario first = folder.Start(interval: 100))
        {
            first.Output(Sums(first, [[1], [2]]));
            await first.RunBatchesAsync(1);
            await first.Context.StopAsync();
        }

        await using StreamScenario second = folder.Start(afterTick: 2, interval: 100);
        int updates = 0;
        RecordedOutput<(string Key, int Value)> found =
            second.Output(second.Input<int>([[]]).Map(x => (Key: "a", Value: x))
                .UpdateStateByKey((ReadOnlySpan<int> values, Optional<int> state) =>
        {
            Interlocked.Increment(ref updates);
            return state.GetValueOrDefault() + values.ToArray().Sum();
        }));
        await second.RunAsync();
        Assert.Equal([("a", 3)], found.Batches.Single());
        Assert.Equal(1, updates);
    }

    [Fact]
    public async Task Times_KeepTheGridOfTheFirstStart()
    {
        using var folder = new JobFolder();
        await using (StreamScenario first = folder.Start(afterTick: 5))
        {
            first.Output(first.Input<int>([[1]]).Window(3 * Second, 3 * Second));
            await first.RunAsync();
            Assert.Equal(new BatchTime(5000), first.Context.ZeroTime);
        }

        // Seven seconds later, of which nobody made batches: the window is due at multiples of three after the fifth second.
        await using StreamScenario second = folder.Start(afterTick: 12);
        RecordedOutput<int> found = second.Output(second.Input<int>([[2], [3], [4]]).Window(3 * Second, 3 * Second));
        await second.RunAsync();
        Assert.Equal(new BatchTime(5000), second.Context.ZeroTime);
        Assert.Equal([null, [2, 3], null], found.Batches);
    }

    [Fact]
    public async Task Clock_SetBack_NoTimeComesTwice()
    {
        using var folder = new JobFolder();
        Assert.Equal([[("a", 1)], [("a", 3)]], await TotalsAsync(folder, 10, [[1], [2]]));
        await using StreamScenario second = folder.Start(afterTick: 3);
        var times = new List<long>();
        Sums(second, [[4]]).ForEachBatch((_, time) => times.Add(time.Milliseconds));
        second.Context.Start();
        second.Clock.Advance(10 * Second);
        await second.Context.WhenCompletedAsync(new BatchTime(22_000));
        Assert.Equal(Enumerable.Range(13, 10).Select(second => second * 1000L), times);
    }

    /// <summary>The time-out of the program that runs counts, for keys of an earlier run too.</summary>
    [Theory]
    [InlineData(null, 2)]
    [InlineData(1000, 2)]
    public async Task MapWithState_OtherTimeOutThanBefore_IsThatOfTheProgram(int? before, int now)
    {
        using var folder = new JobFolder();
        await using (StreamScenario first = folder.Start(interval: 1))
        {
            first.Output(Counted(first, before, [["a", "b", "c", "d", "e"], ["b"]]));
            await first.RunAsync();
        }

        await using StreamScenario second = folder.Start(afterTick: 2, interval: 1);
        RecordedOutput<string> found = second.Output(Counted(second, now, [[], [], [], []]));
        await second.RunAsync();
        Assert.Empty(second.Failures);
        Assert.Equal([[], ["a", "c", "d", "e"], ["b"], []], found.Batches.Select(batch => batch!.Order().ToArray()));

        static DStream<string> Counted(StreamScenario scenario, int? seconds, string[][] batches)
        {
            var spec = StateSpec.Function<string, int, int, string>((_, key, value, state) =>
            {
                if (state.IsTimingOut)
                {
                    return key;
                }

                state.Update(value.Value);
                return Optional<string>.None;
            });
            return scenario.Input(batches).Map(key => (Key: key, Value: 1))
                .MapWithState(seconds is { } idle ? spec.Timeout(idle * Second) : spec);
        }
    }

    [Fact]
    public async Task MapWithState_TimesOutByBatchesOfBothRuns_AndInitialStatesComeOnce()
    {
        using var folder = new JobFolder();
        await using (StreamScenario first = folder.Start(interval: 1))
        {
            RecordedOutput<(string Key, int Value)> found = Counted(first, [["a"], ["b"]]);
            await first.RunAsync();
            Assert.Equal([[("a", 11)], [("b", 1)]], found.Batches);
        }

        await using StreamScenario second = folder.Start(afterTick: 2, interval: 1);
        RecordedOutput<(string Key, int Value)> later = Counted(second, [["b"], [], [], ["a"]]);
        await second.RunAsync();
        Assert.Empty(second.Failures);
        Assert.Equal([[("b", 2)], [("a", -11)], [], [("a", 1), ("b", -2)]], later.Batches.Select(batch => batch!.Order().ToArray()));

        static RecordedOutput<(string Key, int Value)> Counted(StreamScenario scenario, string[][] batches) => scenario.Output(
            scenario.Input(batches).Map(key => (Key: key, Value: 1))
                .MapWithState(StateSpec.Function<string, int, int, (string Key, int Value)>((_, key, value, state) =>
            {
                if (state.IsTimingOut)
                {
                    return (key, -state.Value);
                }

                state.Update(state.GetValueOrDefault() + value.Value);
                return (key, state.Value);
            }).Timeout(2 * Second).InitialState([("a", 10)])));
    }

    [Fact]
    public async Task Windows_OfRecordsByKey_GoToThePartitionsOfTheirKeys()
    {
        using var folder = new JobFolder();
        int[] numbers = [.. Enumerable.Range(0, 100)];
        foreach ((int afterTick, int partitions) in ((int, int)[])[(0, 2), (1, 3), (2, 1), (3, 4)])
        {
            await using StreamScenario scenario = folder.Start(afterTick, partitions, interval: 1);
            RecordedOutput<(int Key, int Count)> found = scenario.Output(
                scenario.Input([numbers]).Map(x => (Key: x, Value: x)).GroupByKeyAndWindow(10 * Second)
                    .Map(pair => (pair.Key, pair.Value.Count)));
            await scenario.RunAsync();
            Assert.Equal(numbers.Select(x => (x, afterTick + 1)), found.Batches.Single()!.Order());
        }
    }

    [Fact]
    public async Task States_OfStreamsThatAreGone_AreRefusedOrDropped()
    {
        using var folder = new JobFolder();
        await TotalsAsync(folder, 0, [[1]]);
        await using (StreamScenario refused = folder.Start(afterTick: 1))
        {
            refused.Output(refused.Input<int>([[1]]).Map(x => x).Named("other"));
            Assert.Contains("\"UpdateStateByKey #1\"; the program has none",
                Assert.Throws<InvalidOperationException>(refused.Context.Start).Message, StringComparison.Ordinal);
        }

        await using StreamScenario dropped = folder.Start(
            afterTick: 1, configure: options => options with
                { Checkpoint = options.Checkpoint! with { UnmatchedState = UnmatchedState.Drop } });
        dropped.Output(dropped.Input<int>([[1]]).Map(x => x).Named("other"));
        await dropped.RunAsync();
        Assert.Contains(dropped.Recorder.Events, heard => heard.Message?.Contains("was dropped", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task State_OfAnotherType_IsRefused()
    {
        using var folder = new JobFolder();
        await TotalsAsync(folder, 0, [[1]]);
        await using StreamScenario second = folder.Start(afterTick: 1);
        second.Output(second.Input<int>([[1]]).Map(x => (Key: "a", Value: x))
            .UpdateStateByKey((ReadOnlySpan<int> values, Optional<long> state) => state.GetValueOrDefault() + values.Length));
        Assert.Contains("does not fit", Assert.Throws<InvalidOperationException>(second.Context.Start).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Interval_Other_IsRefused()
    {
        using var folder = new JobFolder();
        await TotalsAsync(folder, 0, [[1]]);
        await using StreamScenario second = folder.Start(afterTick: 1, configure: options => options with { BatchInterval = 2 * Second });
        second.Output(Sums(second, [[1]]));
        Assert.Contains("every 00:00:01, and this program makes one every 00:00:02",
            Assert.Throws<InvalidOperationException>(second.Context.Start).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_FindStatesInAnotherPlaceOfTheProgram()
    {
        using var folder = new JobFolder();
        await using (StreamScenario first = folder.Start())
        {
            first.Output(Sums(first, [[1]]).Named("sums"));
            await first.RunAsync();
        }

        await using StreamScenario second = folder.Start(afterTick: 1);
        ManualStream<int> numbers = second.Input<int>([[5]]);
        second.Output(numbers.Map(x => (Key: "b", Value: x))
            .UpdateStateByKey((ReadOnlySpan<int> values, Optional<int> state) => values.Length).Named("new"));
        RecordedOutput<(string Key, int Value)> found = second.Output(SumsOf(numbers).Named("sums"));
        await second.RunAsync();
        Assert.Equal([("a", 6)], found.Batches.Single());
        Assert.Contains(second.Recorder.Events, heard => heard.Message == "new is new: it begins without a saved state.");
    }

    [Fact]
    public async Task Name_AsThatOfAStreamWithoutOne_IsRefused()
    {
        using var folder = new JobFolder();
        await using StreamScenario scenario = folder.Start();
        scenario.Output(Sums(scenario, [[1]]));
        scenario.Output(Sums(scenario, [[1]]).Named("UpdateStateByKey #1"));
        Assert.Contains("known by \"UpdateStateByKey #1\"",
            Assert.Throws<InvalidOperationException>(scenario.Context.Start).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Log_OfManyBytes_BringsACheckpointBeforeItsTime()
    {
        using var folder = new JobFolder();
        await using StreamScenario scenario =
            folder.Start(interval: 1000, configure: options => options with
                { Checkpoint = options.Checkpoint! with { MaxLogBytes = 100_000 } });
        scenario.Output(Sums(scenario, [[.. Enumerable.Range(0, 30_000)], [1], [2]]));
        await scenario.RunBatchesAsync();
        Assert.Equal(2, Directory.EnumerateDirectories(folder.Path, "checkpoint-*").Count());
    }

    [Fact]
    public async Task MaxBatches_SoManyBatches_BringsACheckpointBeforeItsTime()
    {
        using var folder = new JobFolder();
        await using StreamScenario scenario =
            folder.Start(interval: 1000, configure: options => options with
                { Checkpoint = options.Checkpoint! with { MaxBatches = 3, KeptCheckpoints = 100 } });
        scenario.Output(Sums(scenario, [[1], [2], [3], [4], [5], [6], [7], [8]]));
        await scenario.RunBatchesAsync();
        // the start's, and those of the third and sixth batch
        Assert.Equal(3, Directory.EnumerateDirectories(folder.Path, "checkpoint-*").Count());
    }

    // The plan of a batch after that of the checkpoint lies in the same log file, which later ones do not name.
    [Fact]
    public async Task Batches_PlannedWhileTheCheckpointsBatchRan_AreNotLost()
    {
        using var folder = new JobFolder();
        await using (StreamScenario first =
            folder.Start(interval: 1, configure: options => options with { Checkpoint = options.Checkpoint! with { KeptCheckpoints = 1 } }))
        {
            var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            ManualStream<int> numbers = first.Input([[1], [2], [3], [4]]);
            SumsOf(numbers.Map(x => x)).ForEachBatch(async (_, _) => await gate.Task);
            first.Context.Start();
            for (int left = 3; left >= 0; left--)
            {
                first.Clock.Advance(Second);
                Assert.True(SpinWait.SpinUntil(() => numbers.PendingBatches == left, TimeSpan.FromMinutes(1)));
            }

            gate.SetResult();
            await first.Context.WhenCompletedAsync(new BatchTime(4000)).WaitAsync(TimeSpan.FromMinutes(1));
        }

        Assert.Equal([[("a", 15)]], await TotalsAsync(folder, 4, [[5]]));
    }

    [Fact]
    public async Task Checkpoint_Damaged_AnOlderOneIsUsed_AndWithoutAnyTheStartIsRefused()
    {
        using var folder = new JobFolder();
        await TotalsAsync(folder, 0, [[1], [2], [3], [4], [5]]);
        string[] checkpoints = [.. Directory.EnumerateDirectories(folder.Path, "checkpoint-*").Order(StringComparer.Ordinal)];
        Assert.InRange(checkpoints.Length, 2, 3);
        Damage(checkpoints[^1]);
        Assert.Equal([[("a", 21)]], await TotalsAsync(folder, 5, [[6]]));
        foreach (string checkpoint in Directory.EnumerateDirectories(folder.Path, "checkpoint-*"))
        {
            Damage(checkpoint);
        }

        await using StreamScenario refused = folder.Start(afterTick: 6);
        refused.Output(Sums(refused, [[1]]));
        Assert.Contains("no checkpoint that is whole",
            Assert.Throws<InvalidDataException>(refused.Context.Start).Message, StringComparison.Ordinal);

        static void Damage(string checkpoint)
        {
            string data = Path.Combine(checkpoint, "data");
            byte[] bytes = File.ReadAllBytes(data);
            bytes[bytes.Length / 2] ^= 4;
            File.WriteAllBytes(data, bytes);
        }
    }

    [Fact]
    public async Task Directory_InUse_IsRefused()
    {
        using var folder = new JobFolder();
        await using StreamScenario first = folder.Start();
        first.Output(Sums(first, [[1]]));
        await first.RunBatchesAsync(1);
        await using StreamScenario second = folder.Start();
        second.Output(Sums(second, [[1]]));
        Assert.Contains("is in use by process", Assert.Throws<InvalidOperationException>(second.Context.Start).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_PublishedBeforeTheCrash_StayAsTheyAre()
    {
        using var folder = new JobFolder();
        string prefix = Path.Combine(folder.Path, "out", "sums");
        for (int run = 1; run <= 2; run++)
        {
            await using StreamScenario scenario = folder.Start(afterTick: run - 1);
            int number = run;
            DStream<string> texts = scenario.Input<int>([[1]]).Map(_ => $"run {number}");
            texts.SaveAsTextFiles(prefix);
            texts.ForEachBatch((_, _) =>
            {
                if (number == 1)
                {
                    throw new IOException("after the files");
                }
            });
            await scenario.RunBatchesAsync(1);
        }

        Assert.Equal("run 1\n", File.ReadAllText($"{prefix}-1000/part-00001"));
        Assert.Equal("run 2\n", File.ReadAllText($"{prefix}-2000/part-00001"));
    }

    private static DStream<(string Key, int Value)> Sums(StreamScenario scenario, int[][] batches) => SumsOf(scenario.Input(batches));

    private static DStream<(string Key, int Value)> SumsOf(DStream<int> numbers) =>
        numbers.Map(x => (Key: "a", Value: x))
            .UpdateStateByKey((ReadOnlySpan<int> values, Optional<int> state) => state.GetValueOrDefault() + values.ToArray().Sum());

    // One run of a program that adds numbers up, stopped at once.
    private static async Task<IEnumerable<IReadOnlyList<(string Key, int Value)>?>> TotalsAsync(JobFolder folder,
        int afterTick, int[][] batches)
    {
        await using StreamScenario scenario = folder.Start(afterTick);
        RecordedOutput<(string Key, int Value)> found = scenario.Output(Sums(scenario, batches));
        await scenario.RunAsync();
        Assert.All(Enumerable.Range(1, afterTick), tick => Assert.Null(found.At(new BatchTime(1000 * tick))));
        return found.Batches;
    }
}
