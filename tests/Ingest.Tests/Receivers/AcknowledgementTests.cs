namespace FastStream.Tests;

/// <summary>
/// Who stores records hears when they count: when their batch is planned on the disk, or done where there are no
/// checkpoints.
/// </summary>
public sealed class AcknowledgementTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _directory = Directory.CreateTempSubdirectory("faststream-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private StreamingOptions Checkpoints(BatchFailurePolicy onFailure = BatchFailurePolicy.FailContext) =>
        new() { Partitions = 2, OnBatchFailure = onFailure,
            Checkpoint = new CheckpointOptions { Directory = Path.Combine(_directory, "state") } };

    private static Task<StreamingException> Refused(Task acknowledged) => Assert.ThrowsAsync<StreamingException>(() =>
        acknowledged.WaitAsync(Patience));

    [Fact]
    public async Task WriteAsync_WithoutCheckpoints_IsDoneWhenTheBatchIs()
    {
        AcknowledgedWriter<int>? writer = null;
        var acknowledged = new List<Task>();
        bool wasDoneInOutput = true;
        await using InputRun<int> run = InputRun<int>.Start(
            context => context.ChannelStream(out writer), output: _ => wasDoneInOutput = acknowledged.Any(task => task.IsCompleted));
        acknowledged.Add(writer!.WriteAsync(1));
        acknowledged.Add(writer.WriteBlockAsync(new[] { 2, 3 }));
        Assert.Equal([1, 2, 3], await run.TickAsync());
        await Task.WhenAll(acknowledged).WaitAsync(Patience);
        Assert.False(wasDoneInOutput);
        await run.StopAsync();
    }

    [Fact]
    public async Task WriteAsync_WithCheckpoints_IsDoneWhileTheBatchRuns()
    {
        AcknowledgedWriter<int>? writer = null;
        Task? acknowledged = null;
        await using InputRun<int> run = InputRun<int>.Start(
            context => context.ChannelStream(out writer), Checkpoints(), output: _ =>
                acknowledged?.WaitAsync(Patience).GetAwaiter().GetResult());
        acknowledged = writer!.WriteAsync(1);
        Assert.False(acknowledged.IsCompleted);
        Assert.Equal([1], await run.TickAsync());
        await acknowledged;
        await run.StopAsync();
    }

    [Fact]
    public async Task WriteAsync_BeforeTheStart_IsInTheFirstBatch()
    {
        AcknowledgedWriter<int>? writer = null;
        Task? acknowledged = null;
        await using InputRun<int> run = InputRun<int>.Start(context =>
        {
            DStream<int> stream = context.ChannelStream(out writer);
            acknowledged = writer.WriteAsync(1);
            return stream;
        });
        Assert.Equal([1], await run.TickAsync());
        await acknowledged!.WaitAsync(Patience);
        await run.StopAsync();
    }

    [Fact]
    public async Task WriteAsync_BatchFailsWithoutCheckpoints_Faults()
    {
        AcknowledgedWriter<int>? writer = null;
        await using InputRun<int> run = InputRun<int>.Start(
            context => context.ChannelStream(out writer),
            new StreamingOptions { OnBatchFailure = BatchFailurePolicy.ReportAndContinue },
            output: records => Assert.DoesNotContain(13, records));
        Task bad = writer!.WriteAsync(13);
        await run.TickAsync();
        StreamingException error = await Refused(bad);
        Assert.Contains("send the record again", error.Message, StringComparison.Ordinal);
        Assert.IsType<StreamingException>(error.InnerException);
        Task good = writer.WriteAsync(1);
        await run.TickAsync();
        await good.WaitAsync(Patience);
        await run.StopAsync();
    }

    [Fact]
    public async Task WriteAsync_BatchFailsOnceAndIsTriedAgain_IsDone()
    {
        AcknowledgedWriter<int>? writer = null;
        int tries = 0;
        await using InputRun<int> run = InputRun<int>.Start(
            context => context.ChannelStream(out writer),
            new StreamingOptions { BatchRetries = 1 },
            output: records => Assert.True(records.Length == 0 || ++tries > 1));
        Task acknowledged = writer!.WriteAsync(1);
        await run.TickAsync();
        await acknowledged.WaitAsync(Patience);
        Assert.Equal(2, tries);
        await run.StopAsync();
    }

    [Fact]
    public async Task WriteAsync_PlanFails_Faults()
    {
        AcknowledgedWriter<int>? writer = null;
        await using InputRun<int> run = InputRun<int>.Start(context => context.ChannelStream(out writer), Checkpoints());
        await run.TickAsync();
        Task acknowledged = writer!.WriteAsync(1);
        Directory.Delete(Path.Combine(_directory, "state"), recursive: true);   // the log says that it was removed
        await run.FailAsync();
        StreamingException error = await Refused(acknowledged);
        Assert.Contains("The context has stopped", error.Message, StringComparison.Ordinal);
        Assert.Contains("was removed", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WriteAsync_GracefulStop_IsDoneByTheLastBatch(bool hasCheckpoints)
    {
        AcknowledgedWriter<int>? writer = null;
        await using InputRun<int> run = InputRun<int>.Start(context => context.ChannelStream(out writer), hasCheckpoints
            ? Checkpoints() : null);
        Task acknowledged = writer!.WriteAsync(1);
        await run.StopAsync();
        await acknowledged.WaitAsync(Patience);
        Assert.Equal([1], run.Records);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WriteAsync_ImmediateStop_Faults(bool hasCheckpoints)
    {
        AcknowledgedWriter<int>? writer = null;
        await using InputRun<int> run = InputRun<int>.Start(context => context.ChannelStream(out writer), hasCheckpoints
            ? Checkpoints() : null);
        Task acknowledged = writer!.WriteAsync(1);
        await run.StopAsync(StopMode.Immediate);
        Assert.Contains("none of its batches that count", (await Refused(acknowledged)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WriteAsync_AfterTheStop_Faults()
    {
        AcknowledgedWriter<int>? writer = null;
        await using InputRun<int> run = InputRun<int>.Start(context => context.ChannelStream(out writer));
        await run.StopAsync();
        Assert.Contains("was not stored", (await Refused(writer!.WriteAsync(1))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WriteAsync_NeverStarted_FaultsWhenTheContextIsDisposed()
    {
        var context = new StreamingContext(new StreamingOptions { MaxBufferedRecords = 1 });
        context.ChannelStream(out AcknowledgedWriter<int> writer).Print();
        Task stored = writer.WriteAsync(1);
        Task waiting = writer.WriteAsync(2);
        await context.DisposeAsync();
        await Refused(stored);
        await Refused(waiting);
        await Refused(writer.WriteAsync(3));
    }

    [Fact]
    public async Task WriteAsync_GivenUp_IsCancelledAndTheRecordStays()
    {
        AcknowledgedWriter<int>? writer = null;
        await using InputRun<int> run = InputRun<int>.Start(context => context.ChannelStream(out writer));
        using var giveUp = new CancellationTokenSource();
        Task acknowledged = writer!.WriteAsync(1, giveUp.Token);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => acknowledged);
        Assert.Equal([1], await run.TickAsync());
        await run.StopAsync();
    }

    [Fact]
    public async Task WriteAsync_FromManyThreads_EachHearsOfItsOwnBatch()
    {
        AcknowledgedWriter<int>? writer = null;
        var seen = new HashSet<int>();
        await using InputRun<int> run = InputRun<int>.Start(
            context => context.ChannelStream(out writer), new StreamingOptions { Partitions = 2, MaxBufferedRecords = 8 },
                output: records =>
            {
                lock (seen)
                {
                    seen.UnionWith(records);
                }
            });
        const int Writers = 8;
        const int Each = 50;
        Task[] writers = [.. Enumerable.Range(0, Writers).Select(writerNumber => Task.Run(async () =>
        {
            for (int i = 0; i < Each; i++)
            {
                int record = (writerNumber * Each) + i;
                await writer!.WriteAsync(record);
                lock (seen)
                {
                    Assert.Contains(record, seen);
                }
            }
        }))];
        await run.TickUntilAsync(() => writers.All(task => task.IsCompleted));
        await Task.WhenAll(writers);
        await run.StopAsync();
        Assert.Equal(Enumerable.Range(0, Writers * Each), run.Records.Order());
    }
}
