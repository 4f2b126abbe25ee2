using System.Buffers;
using FastStream.Tests.Core.Checkpointing;

namespace FastStream.Tests.Core.Outputs;

/// <summary>The order in which a sink in two phases is called, and what it is told after failures and restarts.</summary>
public sealed class SinkTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Batches_ThatSucceed_AreWrittenPreparedAndPublishedInOrder(bool hasCheckpoints)
    {
        using var folder = new JobFolder();
        await using StreamScenario scenario = hasCheckpoints ? folder.Start() : new StreamScenario();
        var sink = new HeldSink();
        scenario.Input<int>([[1, 2], []]).WriteTo(sink);
        await scenario.RunAsync();
        Assert.Equal(["open", "write 1000", "prepare 1000", "publish 1000", "write 2000", "prepare 2000", "publish 2000", "close"],
            sink.Events);
        Assert.Equal([1, 2], sink.Published[1000]);
        Assert.Empty(sink.Published[2000]);
    }

    [Fact]
    public async Task ConcurrentJobs_SinkInTwoPhases_SeesOneBatchAtATime()
    {
        await using var scenario = new StreamScenario(new StreamTestOptions { Configure = options => options with { ConcurrentJobs = 3 } });
        var sink = new HeldSink();
        scenario.Input<int>([[1], [2]]).WriteTo(sink);
        await scenario.RunAsync();
        Assert.Equal(["write 1000", "prepare 1000", "publish 1000", "write 2000", "prepare 2000", "publish 2000"],
            sink.Events.Skip(1).SkipLast(1));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Retry_AnotherOutputFailed_AbortsAndWritesAnew(bool isConcurrent)
    {
        using var folder = new JobFolder();
        await using StreamScenario scenario =
            folder.Start(configure: options => options with { BatchRetries = 2, ConcurrentJobs = isConcurrent ? 2 : 1 });
        var sink = new HeldSink();
        DStream<int> numbers = scenario.Input<int>([[1]]);
        numbers.WriteTo(sink);
        int tries = 0;
        numbers.ForEachBatch((_, _) => _ = ++tries < 3 ? throw new IOException("full") : 0);
        await scenario.RunAsync();
        Assert.Empty(scenario.Failures);
        Assert.Equal(
            ["open", "write 1000", "prepare 1000", "abort 1000", "write 1000", "prepare 1000", "abort 1000",
                "write 1000", "prepare 1000", "publish 1000", "close"], sink.Events);
    }

    [Theory]
    [InlineData("write")]
    [InlineData("prepare")]
    public async Task Continue_SinkFails_AbortsItAloneAndGoesOn(string step)
    {
        using var folder = new JobFolder();
        await using StreamScenario scenario =
            folder.Start(configure: options => options with { OnBatchFailure = BatchFailurePolicy.ReportAndContinue });
        var failing = new HeldSink { FailAt = $"{step} 1000" };
        var other = new HeldSink();
        DStream<int> numbers = scenario.Input<int>([[1], [2]]);
        numbers.WriteTo(failing);
        numbers.WriteTo(other);
        await scenario.RunAsync();
        Assert.Single(scenario.Failures);
        Assert.Contains("abort 1000", failing.Events);
        Assert.Equal([2000L], failing.Published.Keys);
        Assert.Equal([1000L, 2000L], other.Published.Keys.Order());
    }

    [Fact]
    public async Task FailContext_AnotherOutputFails_AbortsAndTheNextStartWritesAnew()
    {
        using var folder = new JobFolder();
        var sink = new HeldSink();
        await using (StreamScenario first = folder.Start())
        {
            DStream<int> numbers = first.Input<int>([[1]]);
            numbers.WriteTo(sink);
            numbers.ForEachBatch((_, _) => throw new IOException("full"));
            await first.RunAsync();
        }

        Assert.Equal(["open", "write 1000", "prepare 1000", "abort 1000", "close"], sink.Events);
        sink.Events.Clear();
        await using StreamScenario second = folder.Start(afterTick: 1);
        DStream<int> again = second.Input<int>([[2]]);
        again.WriteTo(sink);
        again.ForEachBatch((_, _) => { });
        await second.RunAsync();
        Assert.Equal([1], sink.Published[1000]);
        Assert.Equal([2], sink.Published[2000]);
    }

    [Fact]
    public async Task Publish_Fails_StopsTheContextAndTheNextStartPublishes()
    {
        using var folder = new JobFolder();
        var sink = new HeldSink { FailAt = "publish 1000" };
        await using (StreamScenario first =
            folder.Start(configure: options => options with { OnBatchFailure = BatchFailurePolicy.ReportAndContinue }))
        {
            first.Input<int>([[1], [2]]).WriteTo(sink, name: "table");
            await first.RunAsync();
            StreamingException error = await Assert.ThrowsAsync<StreamingException>(() => first.Context.Completion);
            Assert.Contains("publishing by", error.Message, StringComparison.Ordinal);
        }

        Assert.Empty(sink.Published);
        sink.FailAt = null;
        sink.Events.Clear();
        await using StreamScenario second = folder.Start(afterTick: 1);
        second.Input<int>([[3]]).WriteTo(sink, name: "table");
        await second.RunAsync();
        Assert.Equal(["open", "publish 1000", "write 2000"], sink.Events.Take(3));
        Assert.Equal([1], sink.Published[1000]);
    }

    [Fact]
    public async Task Abort_Fails_StopsTheContextAndTheNextStartAborts()
    {
        using var folder = new JobFolder();
        var sink = new HeldSink { FailAt = "abort 1000" };
        await using (StreamScenario first =
            folder.Start(configure: options => options with { OnBatchFailure = BatchFailurePolicy.ReportAndContinue, BatchRetries = 3 }))
        {
            DStream<int> numbers = first.Input<int>([[1]]);
            numbers.WriteTo(sink);
            numbers.ForEachBatch((_, _) => throw new IOException("full"));
            await first.RunAsync();
            await Assert.ThrowsAsync<StreamingException>(() => first.Context.Completion);
        }

        Assert.Single(sink.Events, "write 1000");   // and not tried again over what is left
        sink.FailAt = null;
        sink.Events.Clear();
        await using StreamScenario second = folder.Start(afterTick: 1);
        second.Input<int>([[2]]).WriteTo(sink);
        await second.RunAsync();
        Assert.Equal(["open", "abort 1000", "write 1000", "prepare 1000", "publish 1000"], sink.Events.Take(5));
        Assert.Equal([1], sink.Published[1000]);
    }

    [Fact]
    public async Task Start_WithoutCheckpoints_AbortsWhatIsLeft()
    {
        var sink = new HeldSink();
        sink.Prepared[500] = [1];
        await using var scenario = new StreamScenario();
        scenario.Input<int>([[2]]).WriteTo(sink);
        await scenario.RunAsync();
        Assert.Equal(["open", "abort 500", "write 1000"], sink.Events.Take(3));
    }

    [Fact]
    public async Task Position_StartedAgain_IsThatOfTheLastBatchThatIsDone()
    {
        using var folder = new JobFolder();
        foreach (int interval in new[] { 1, 100 })   // seconds: in checkpoints, and in the log alone
        {
            var first = new PlacedSink();
            int tick = interval == 1 ? 0 : 3;
            await using (StreamScenario scenario = folder.Start(afterTick: tick, interval: interval))
            {
                scenario.Input<int>([[1], [2], [3]]).WriteTo(first, name: "place");
                await scenario.RunAsync();
            }

            Assert.Equal(tick, first.LoadedPosition ?? 0);
        }

        var last = new PlacedSink();
        await using StreamScenario third = folder.Start(afterTick: 6);
        third.Input<int>([[]]).WriteTo(last, name: "place");
        await third.RunAsync();
        Assert.Equal(6, last.LoadedPosition);
    }

    [Theory]
    [InlineData(UnmatchedState.Refuse)]
    [InlineData(UnmatchedState.Drop)]
    public async Task Position_OfASinkThatIsGone_IsRefusedOrDropped(UnmatchedState unmatched)
    {
        using var folder = new JobFolder();
        await using (StreamScenario first = folder.Start(interval: 1))
        {
            first.Input<int>([[1], [2], [3]]).WriteTo(new PlacedSink(), name: "place");
            await first.RunAsync();
        }

        await using StreamScenario second =
            folder.Start(afterTick: 3, configure: options => options with
                { Checkpoint = options.Checkpoint! with { UnmatchedState = unmatched } });
        var other = new PlacedSink();
        second.Input<int>([[1]]).WriteTo(other, name: "another place");
        if (unmatched == UnmatchedState.Refuse)
        {
            Assert.Contains("\"place\"", Assert.Throws<InvalidOperationException>(second.Context.Start).Message, StringComparison.Ordinal);
            return;
        }

        await second.RunAsync();
        Assert.Null(other.LoadedPosition);
    }

    [Fact]
    public async Task Start_TwoSinksOfOneName_IsRefused()
    {
        await using var scenario = new StreamScenario();
        DStream<int> numbers = scenario.Input<int>([[1]]);
        numbers.WriteTo(new PlacedSink(), name: "place");
        numbers.WriteTo(new PlacedSink(), name: "place");
        Assert.Contains("\"place\"", Assert.Throws<InvalidOperationException>(scenario.Context.Start).Message, StringComparison.Ordinal);
    }

    /// <summary>In two phases; keeps what is prepared from one context to the next, as a server would.</summary>
    private sealed class HeldSink : Sink<int>
    {
        private readonly Dictionary<long, int[]> _written = [];

        public List<string> Events { get; } = [];

        public Dictionary<long, int[]> Prepared { get; } = [];

        public Dictionary<long, int[]> Published { get; } = [];

        /// <summary>The step that fails, each time.</summary>
        public string? FailAt { get; set; }

        protected internal override bool IsTransactional => true;

        protected internal override ValueTask OpenAsync(SinkContext context, CancellationToken cancellationToken)
        {
            Add("open");
            return ValueTask.CompletedTask;
        }

        protected internal override ValueTask<IReadOnlyList<BatchTime>> FindPreparedAsync(CancellationToken cancellationToken) =>
            new([.. Prepared.Keys.Select(time => new BatchTime(time))]);

        protected internal override ValueTask WriteAsync(Batch<int> batch, CancellationToken cancellationToken)
        {
            Add($"write {batch.Time.Milliseconds}");
            _written[batch.Time.Milliseconds] = batch.ToArray();
            return ValueTask.CompletedTask;
        }

        protected internal override ValueTask PrepareAsync(BatchTime time, CancellationToken cancellationToken)
        {
            Add($"prepare {time.Milliseconds}");
            _written.Remove(time.Milliseconds, out int[]? records);
            Prepared.Add(time.Milliseconds, records!);
            return ValueTask.CompletedTask;
        }

        protected internal override ValueTask PublishAsync(BatchTime time, CancellationToken cancellationToken)
        {
            Add($"publish {time.Milliseconds}");
            Prepared.Remove(time.Milliseconds, out int[]? records);
            Published.Add(time.Milliseconds, records!);
            return ValueTask.CompletedTask;
        }

        protected internal override ValueTask AbortAsync(BatchTime time, CancellationToken cancellationToken)
        {
            Add($"abort {time.Milliseconds}");
            _written.Remove(time.Milliseconds);
            Prepared.Remove(time.Milliseconds);
            return ValueTask.CompletedTask;
        }

        protected internal override ValueTask CloseAsync()
        {
            Add("close");
            return ValueTask.CompletedTask;
        }

        private void Add(string step)
        {
            lock (Events)
            {
                Events.Add(step);
            }

            if (step == FailAt)
            {
                throw new IOException($"no {step}");
            }
        }
    }

    /// <summary>Counts records, and has the count for its position.</summary>
    private sealed class PlacedSink : Sink<int>
    {
        private int _count;

        public int? LoadedPosition { get; private set; }

        protected internal override ValueTask WriteAsync(Batch<int> batch, CancellationToken cancellationToken)
        {
            _count += batch.Count;
            return ValueTask.CompletedTask;
        }

        protected internal override void SavePosition(IBufferWriter<byte> output)
        {
            output.GetSpan(1)[0] = (byte)_count;
            output.Advance(1);
        }

        protected internal override void LoadPosition(ReadOnlySpan<byte> saved)
        {
            LoadedPosition = saved[0];
            _count = saved[0];
        }
    }
}
