using FastStream.Tests.Core.Outputs;

namespace FastStream.Tests.Core.State;

/// <summary>States asked for from outside: right, of one batch, and harmless. Also run with every state in a store.</summary>
public sealed class QueryableStatesTests
{
    private const int Map = 0;
    private const int Update = 1;
    private const int Running = 2;

    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);   // only a hang takes it

    private static OutputOperation Sums<TKey>(DStream<(TKey Key, long Value)> pairs, int how, string name) => how switch
    {
        Map => pairs.MapWithState(StateSpec.Function<TKey, long, long, long>((key, value, state) =>
        {
            if (value.Value < 0)
            {
                state.Remove();
                return 0;
            }

            state.Update(state.GetValueOrDefault() + value.Value);
            return state.Value;
        })).Named(name).Register(),
        Update => pairs.UpdateStateByKey((ReadOnlySpan<long> values, Optional<long> state) =>
        {
            long sum = state.GetValueOrDefault();
            foreach (long value in values)
            {
                sum = value < 0 ? -1 : Math.Max(sum, 0) + value;
            }

            return sum < 0 ? Optional<long>.None : sum;
        }).Named(name).Register(),
        _ => pairs.RunningReduceByKey((a, b) => a + b).Named(name).Register(),
    };

    [Theory]
    [InlineData(Map, 1)]
    [InlineData(Map, 4)]
    [InlineData(Update, 1)]
    [InlineData(Update, 4)]
    [InlineData(Running, 3)]
    public async Task Answers_AfterEachBatch_AreAModels(int how, int partitions)
    {
        var random = new Random(7 * partitions + how);
        var model = new SortedDictionary<int, long>();
        await using var scenario = new StreamScenario(new StreamTestOptions { Partitions = partitions });
        ManualStream<(int Key, long Value)> input = scenario.Input<(int Key, long Value)>([]);
        Sums(input, how, "sums");
        for (int batch = 0; batch < 12; batch++)
        {
            (int Key, long Value)[] records = [.. Enumerable.Range(0, random.Next(12))
                .Select(_ => (random.Next(20), (long)random.Next(how == Running ? 0 : -3, 10)))];
            foreach ((int key, long value) in records)
            {
                if (value < 0)
                {
                    model.Remove(key);
                }
                else
                {
                    model[key] = model.GetValueOrDefault(key) + value;
                }
            }

            input.Add(records);
            await scenario.RunBatchesAsync(1);
            using StateSnapshot<int, long> all = await scenario.Context.States.SnapshotAsync<int, long>("sums");
            Assert.Equal(model.Select(pair => (pair.Key, pair.Value)), all.OrderBy(each => each.Key).ThenBy(each => each.State));
            Assert.Equal(scenario.BatchTimes[^1], all.Time);
            Assert.Equal(model.Count, await scenario.Context.States.CountAsync("sums"));
            int asked = random.Next(20);
            Optional<long> found = await scenario.Context.States.FindAsync<int, long>("sums", asked);
            Assert.Equal(model.TryGetValue(asked, out long expected) ? expected : Optional<long>.None, found);
        }

        Assert.Equal([new StateInfo("sums", typeof(int), typeof(long), partitions)], scenario.Context.States.All);
    }

    [Theory]
    [InlineData(Map)]
    [InlineData(Update)]
    public async Task Texts_OfAnAnswer_StayWhatTheyWere(int how)
    {
        await using var scenario = new StreamScenario(new StreamTestOptions { Partitions = 2 });
        ManualStream<(int Key, int Batch)> input = scenario.Input<(int Key, int Batch)>([]);
        DStream<(Utf8Text Key, Utf8Text Value)> texts = input.Map(each => (Text("key", each.Key, 0), Text("state", each.Key, each.Batch)));
        OutputOperation kept = how == Map
            ? texts.MapWithState(StateSpec.Function<Utf8Text, Utf8Text, Utf8Text, int>((_, value, state) =>
            {
                state.Update(value.Value);
                return 0;
            })).Named("texts").Register()
            : texts.UpdateStateByKey((ReadOnlySpan<Utf8Text> values, Optional<Utf8Text> state) => values.IsEmpty ? state : values[^1])
                .Named("texts").Register();
        Assert.Equal("texts", kept.Stream.Name);
        input.Add([.. Enumerable.Range(0, 20).Select(key => (key, 0))]);
        await scenario.RunBatchesAsync(1);
        using StateSnapshot<Utf8Text, Utf8Text> all = await scenario.Context.States.SnapshotAsync<Utf8Text, Utf8Text>("texts");
        using StateSnapshot<Utf8Text, Utf8Text> one =
            await scenario.Context.States.SnapshotAsync<Utf8Text, Utf8Text>("texts", [Text("key", 3, 0), Text("key", 99, 0)]);
        for (int batch = 1; batch < 200; batch++)
        {
            input.Add([.. Enumerable.Range(0, 20).Select(key => (key, batch))]);   // more than the memory that is used again by turns
        }

        await scenario.RunBatchesAsync(199);
        Assert.Equal(
            Enumerable.Range(0, 20).Select(key => $"{Text("key", key, 0)}={Text("state", key, 0)}").Order(StringComparer.Ordinal),
            all.Select(each => $"{each.Key}={each.State}").Order(StringComparer.Ordinal));
        Assert.Equal($"{Text("key", 3, 0)}={Text("state", 3, 0)}", $"{one.Single().Key}={one.Single().State}");
        all.Dispose();
        Assert.Throws<ObjectDisposedException>(() => all[0]);
        Assert.Equal(20, all.Count);
    }

    [Fact]
    public async Task FindAsync_StateWithATexts_IsRefusedWithTheWay()
    {
        await using var scenario = new StreamScenario();
        Sums(scenario.Input<(int Key, long Value)>([[(1, 1)]]), Running, "sums");
        await scenario.RunBatchesAsync();
        ArgumentException error =
            await Assert.ThrowsAsync<ArgumentException>(() => scenario.Context.States.FindAsync<int, Utf8Text>("sums", 1));
        Assert.Contains("SnapshotAsync", error.Message);
    }

    [Theory]
    [InlineData(Map)]
    [InlineData(Update)]
    [InlineData(Running)]
    public async Task ReadAsync_WhileABatchRuns_WaitsForIt(int how)
    {
        var clock = new ManualTimeProvider();
        await using var context = new StreamingContext(new StreamingOptions { Partitions = 2, TimeProvider = clock });
        using var gate = new SemaphoreSlim(0);
        var runs = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var input = new ManualStream<(int Key, long Value)>(context);
        Sums(input.Map(pair =>
        {
            runs.TrySetResult();
            gate.Wait();
            return pair;
        }), how, "sums");
        input.Add((1, 5L));
        await context.StartAsync();
        clock.Advance(TimeSpan.FromSeconds(1));
        await runs.Task.WaitAsync(Long);
        Task<Optional<long>> asked = context.States.FindAsync<int, long>("sums", 1);
        using var patience = new CancellationTokenSource();
        Task<long> givenUp = context.States.CountAsync("sums", patience.Token);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => givenUp.WaitAsync(Long));
        Assert.False(asked.IsCompleted);
        gate.Release();
        Assert.Equal(5, await asked.WaitAsync(Long));
    }

    // Every batch adds one to each key of both streams: whoever sees two numbers sees a batch that is half done.
    [Fact]
    public async Task ReadAsync_BesideBatches_SeesAllStatesOfOneBatch()
    {
        var clock = new ManualTimeProvider();
        await using var context = new StreamingContext(new StreamingOptions { Partitions = 3, TimeProvider = clock });
        var input = new ManualStream<(int Key, long Value)>(context);
        string[] names = ["map", "update", "running"];
        for (int how = 0; how < names.Length; how++)
        {
            Sums(input, how, names[how]);
        }

        const int Batches = 60;
        for (int batch = 0; batch < Batches; batch++)
        {
            input.Add([.. Enumerable.Range(0, 30).Select(key => (key, 1L))]);
        }

        await context.StartAsync();
        Task reading = Task.Run(async () =>
        {
            long last = 0;
            while (last < Batches)
            {
                (BatchTime time, long[] seen) = await context.States.ReadAsync(states =>
                {
                    var seen = new HashSet<long>();
                    foreach (string name in names)
                    {
                        states.Of<int, long>(name).Visit((_, sum) => seen.Add(sum));
                    }

                    return (states.Time, seen.ToArray());
                });
                Assert.InRange(seen.Length, 0, 1);
                long now = seen.Length == 0 ? 0 : seen[0];
                Assert.Equal(now, (time - context.ZeroTime).Ticks / TimeSpan.TicksPerSecond);
                Assert.True(now >= last);
                last = now;
            }
        });
        for (int batch = 1; batch <= Batches; batch++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await context.WhenCompletedAsync(context.ZeroTime + TimeSpan.FromSeconds(batch)).WaitAsync(Long);
        }

        await reading.WaitAsync(Long);
    }

    [Theory]
    [InlineData(Map)]
    [InlineData(Update)]
    [InlineData(Running)]
    public async Task Answer_AfterABatchThatWasGivenUp_IsWithoutIt(int how)
    {
        await using var scenario = new StreamScenario(new StreamTestOptions
        {
            Partitions = 2,
            Configure = options => options with { OnBatchFailure = BatchFailurePolicy.ReportAndContinue },
        });
        ManualStream<(int Key, long Value)> input = scenario.Input<(int Key, long Value)>([[(1, 1), (2, 2)], [(1, 10), (3, 30)], [(2, 5)]]);
        Sums(input, how, "sums");
        input.ForEachBatch((batch, time) =>
        {
            if (batch.Any(pair => pair.Key == 3))
            {
                throw new IOException("an output fails");
            }
        });
        input.Map(pair => pair.Key == 3 ? throw new IOException("an operator fails") : pair).Register();
        await scenario.RunBatchesAsync(2);
        using StateSnapshot<int, long> after = await scenario.Context.States.SnapshotAsync<int, long>("sums");
        Assert.Equal([(1, 1), (2, 2)], after.OrderBy(each => each.Key));
        await scenario.RunBatchesAsync(1);
        using StateSnapshot<int, long> later = await scenario.Context.States.SnapshotAsync<int, long>("sums");
        Assert.Equal([(1, 1), (2, 7)], later.OrderBy(each => each.Key));
    }

    [Fact]
    public async Task States_OfAnEarlierRun_AreThereBeforeTheFirstBatch()
    {
        using var directory = new TemporaryDirectory();
        var options = new StreamTestOptions
        {
            Partitions = 2,
            Configure = options => options with { Checkpoint = new CheckpointOptions { Directory = directory.Path } },
        };
        await using (var first = new StreamScenario(options))
        {
            Sums(first.Input<(int Key, long Value)>([[(1, 1), (2, 2)]]), Map, "sums");
            await first.RunBatchesAsync();
            await first.Context.StopAsync();
        }

        await using var second = new StreamScenario(options);
        Sums(second.Input<(int Key, long Value)>([]), Map, "sums");
        await second.Context.StartAsync();
        using StateSnapshot<int, long> all = await second.Context.States.SnapshotAsync<int, long>("sums");
        Assert.Equal([(1, 1), (2, 2)], all.OrderBy(each => each.Key));
    }

    [Fact]
    public async Task ReadAsync_InsideOfABatch_IsRefused()
    {
        await using var scenario = new StreamScenario();
        ManualStream<(int Key, long Value)> input = scenario.Input<(int Key, long Value)>([[(1, 1)]]);
        Sums(input, Running, "sums");
        input.ForEachBatch(async (batch, _) => await scenario.Context.States.CountAsync("sums"));
        await scenario.RunAsync();
        Assert.Contains("between two batches", Assert.Single(scenario.Failures).Message);
    }

    [Fact]
    public async Task ReadAsync_FunctionThrowsOrKeepsAView_HarmsNothing()
    {
        await using var scenario = new StreamScenario();
        Sums(scenario.Input<(int Key, long Value)>([[(1, 1)], [(1, 1)]]), Running, "sums");
        await scenario.RunBatchesAsync(1);
        QueryableStates states = scenario.Context.States;
        await Assert.ThrowsAsync<IOException>(() => states.ReadAsync<int>(_ => throw new IOException("the reader's")));
        StateView<int, long> kept = await states.ReadAsync(views => views.Of<int, long>("sums"));
        Assert.Throws<ObjectDisposedException>(() => kept.Count);
        Assert.Throws<ObjectDisposedException>(() => kept.Find(1));
        await Assert.ThrowsAsync<InvalidOperationException>(() => states.ReadAsync(views =>
        {
            views.Of<int, long>("sums").Visit((key, _) => views.Of<int, long>("sums").Find(key));
            return 0;
        }));
        await scenario.RunBatchesAsync(1);
        Assert.Equal(2, await states.FindAsync<int, long>("sums", 1));
        string text = await states.ReadAsync(views =>
        {
            string all = "";
            views["sums"].VisitObjects((key, state) => all += $"{key}={state}");
            return all;
        });
        Assert.Equal("1=2", text);
    }

    [Fact]
    public async Task ReadAsync_OtherNameOrTypes_SaysWhatThereIs()
    {
        await using var scenario = new StreamScenario();
        Sums(scenario.Input<(int Key, long Value)>([[(1, 1)]]), Running, "sums");
        await scenario.RunBatchesAsync();
        KeyNotFoundException name = await Assert.ThrowsAsync<KeyNotFoundException>(() => scenario.Context.States.CountAsync("sum"));
        Assert.Contains("there are: sums", name.Message);
        ArgumentException types =
            await Assert.ThrowsAsync<ArgumentException>(() => scenario.Context.States.FindAsync<string, long>("sums", "a"));
        Assert.Contains("System.Int64 by System.Int32", types.Message);
    }

    [Fact]
    public async Task ReadAsync_BeforeTheStartAndAfterTheStop_IsRefused()
    {
        await using var scenario = new StreamScenario();
        Sums(scenario.Input<(int Key, long Value)>([[(1, 1)]]), Running, "sums");
        QueryableStates states = scenario.Context.States;
        Assert.Contains("before the context was started", Assert.Throws<InvalidOperationException>(() => states.All).Message);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await states.CountAsync("sums"));
        await scenario.RunBatchesAsync();
        await scenario.Context.StopAsync();
        Assert.Contains("after stopping", (await Assert.ThrowsAsync<InvalidOperationException>(() => states.CountAsync("sums"))).Message);
    }

    [Fact]
    public async Task StopAsync_WhileSomebodyReads_WaitsForTheReaderAlone()
    {
        await using var scenario = new StreamScenario();
        Sums(scenario.Input<(int Key, long Value)>([[(1, 1)]]), Running, "sums");
        await scenario.RunBatchesAsync();
        var reads = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var gate = new SemaphoreSlim(0);
        Task<long> reading = scenario.Context.States.ReadAsync(states =>
        {
            reads.SetResult();
            gate.Wait();
            return states["sums"].Count;
        });
        await reads.Task.WaitAsync(Long);
        Task<long> behind = scenario.Context.States.CountAsync("sums");
        Task stopping = scenario.Context.StopAsync(StopMode.Immediate);
        await Assert.ThrowsAsync<InvalidOperationException>(() => behind.WaitAsync(Long));
        Assert.False(stopping.IsCompleted);
        gate.Release();
        Assert.Equal(1, await reading.WaitAsync(Long));
        await stopping.WaitAsync(Long);
    }

    private static Utf8Text Text(string word, int key, int batch) =>
        Utf8Text.Intern($"{word} {key} of batch {batch}, long enough to lie outside");
}
