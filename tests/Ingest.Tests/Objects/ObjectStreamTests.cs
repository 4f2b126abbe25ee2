using System.Collections.Concurrent;
using System.Threading.Channels;
using System.Threading.Tasks.Dataflow;

namespace FastStream.Tests;

public class ObjectStreamTests
{
    // Spark's InputStreamsSuite: what is enqueued before each batch, and what each batch gives.
    [Fact]
    public async Task QueueStream_OneAtATime_TakesOneBatchATick()
    {
        var queue = new ConcurrentQueue<IReadOnlyList<int>>();
        await using InputRun<int> run = InputRun<int>.Start(context => context.QueueStream(queue));
        int[][] enqueued = [[1, 2], [3, 4], [5], [], []];
        foreach (int[] records in enqueued)
        {
            foreach (int record in records)
            {
                queue.Enqueue([record]);
            }

            await run.TickAsync();
        }

        await run.StopAsync();
        Assert.Equal([[1], [2], [3], [4], [5], []], run.Batches);
        Assert.Equal([1, 1, 1, 1, 1, 0], run.Listener.Completed.Select(batch => batch.RecordCount));
    }

    [Fact]
    public async Task QueueStream_AllAtOnce_UnitesWhatIsThere()
    {
        var queue = new Queue<IReadOnlyList<int>>([[0], [0, 1], new List<int> { 0, 1, 2 }]);
        await using InputRun<int> run = InputRun<int>.Start(context => context.QueueStream(queue, oneAtATime: false, defaultBatch: [9]));
        Assert.Equal([0, 0, 1, 0, 1, 2], await run.TickAsync());
        Assert.Equal([9], await run.TickAsync());
        await run.StopAsync();
    }

    [Fact]
    public async Task QueueStream_NullBehindBatches_LosesNoneOfThem()
    {
        var queue = new Queue<IReadOnlyList<int>>([[0], [1], null!, [2]]);
        await using InputRun<int> run = InputRun<int>.Start(context => context.QueueStream(queue, oneAtATime: false));
        Assert.Equal([0, 1], await run.TickAsync());
        run.Clock.Advance(run.Interval);
        Exception error = await Assert.ThrowsAnyAsync<Exception>(() => run.Context.Completion.WaitAsync(TimeSpan.FromMinutes(2)));
        Assert.Contains("a null instead of a batch", error.ToString(), StringComparison.Ordinal);
        Assert.Equal([2], Assert.Single(queue));
    }

    [Fact]
    public async Task ConstantStream_EveryTick_GivesTheSame()
    {
        await using InputRun<int> run = InputRun<int>.Start(context => context.ConstantStream([1, 2]));
        Assert.Equal([1, 2], await run.TickAsync());
        Assert.Equal([1, 2], await run.TickAsync());
        Assert.Throws<ArgumentNullException>(() => new StreamingContext(TimeSpan.FromSeconds(1)).ConstantStream<int>(null!));
        await run.StopAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1001)]
    public async Task RateStream_Ticks_GiveExactlyTheRate(long rate)
    {
        await using InputRun<long> run =
            InputRun<long>.Start(context => context.RateStream(rate, index => index), new StreamingOptions { Partitions = 4 });
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(rate, (await run.TickAsync()).Count);
        }

        await run.StopAsync();
        Assert.Equal(Enumerable.Range(0, run.Records.Count()).Select(index => (long)index), run.Records);
    }

    [Fact]
    public async Task ChannelStream_CompletedWithErrorUnderReportAndContinue_IsReportedAndTheStreamGoesOn()
    {
        var channel = Channel.CreateUnbounded<int>();
        await using InputRun<int> run =
            InputRun<int>.Start(context => context.ChannelStream(channel.Reader), new StreamingOptions
                { OnBatchFailure = BatchFailurePolicy.ReportAndContinue });
        channel.Writer.TryWrite(1);
        channel.Writer.Complete(new IOException("source lost"));
        ReceiverInfo stopped = await run.Listener.Stopped.Task.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Contains("source lost", stopped.LastErrorMessage);
        Assert.Equal([1], await run.TickAsync());
        Assert.Empty(await run.TickAsync());
        await run.StopAsync();
    }

    [Fact]
    public async Task AsyncEnumerableStream_NeverLooksAtItsToken_DoesNotHoldUpTheStop()
    {
        var never = new TaskCompletionSource();
        await using InputRun<int> run = InputRun<int>.Start(context => context.AsyncEnumerableStream(Deaf()));
        await run.TickUntilAsync(1);
        await run.StopAsync();
        never.SetResult();

        async IAsyncEnumerable<int> Deaf()
        {
            yield return 1;
            await never.Task;
            yield return 2;
        }
    }

    [Fact]
    public async Task AsyncEnumerableStream_Throws_IsReported()
    {
        await using InputRun<int> run =
            InputRun<int>.Start(context => context.AsyncEnumerableStream(Failing()), new StreamingOptions
                { OnBatchFailure = BatchFailurePolicy.ReportAndContinue });
        ReceiverInfo stopped = await run.Listener.Stopped.Task.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal("The sequence failed: broken", stopped.LastErrorMessage);
        Assert.Equal([1], await run.TickAsync());
        await run.StopAsync();

        static async IAsyncEnumerable<int> Failing()
        {
            yield return 1;
            await Task.Yield();
            throw new IOException("broken");
        }
    }

    [Fact]
    public async Task AsyncEnumerableStream_DisposalThrows_IsNotEnumeratedAgain()
    {
        await using InputRun<int> run =
            InputRun<int>.Start(context => context.AsyncEnumerableStream(new BadEnd()), new StreamingOptions
                { OnBatchFailure = BatchFailurePolicy.ReportAndContinue });
        ReceiverInfo stopped = await run.Listener.Stopped.Task.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal("The sequence failed: not closed", stopped.LastErrorMessage);
        Assert.Equal([1], await run.TickAsync());
        await run.StopAsync();
    }

    [Fact]
    public async Task ObservableStream_SubscriptionCannotBeEnded_IsNotSubscribedToAgain()
    {
        var records = new Pushed(observer =>
        {
            observer.OnNext(1);
            observer.OnCompleted();
        });
        await using InputRun<int> run =
            InputRun<int>.Start(context => context.ObservableStream(records), new StreamingOptions
                { OnBatchFailure = BatchFailurePolicy.ReportAndContinue });
        ReceiverInfo stopped = await run.Listener.Stopped.Task.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal("Ending the subscription failed: not ended", stopped.LastErrorMessage);
        Assert.Equal([1], await run.TickAsync());
        await run.StopAsync();
    }

    [Theory]
    [InlineData(StopMode.Graceful)]
    [InlineData(StopMode.Immediate)]
    public async Task ObservableStream_PushesForEverWhileItIsSubscribedTo_DoesNotHoldUpTheStop(StopMode mode)
    {
        int pushed = 0;
        var records = new Pushed(observer =>
        {
            while (true)
            {
                observer.OnNext(pushed++);
            }
        });
        await using InputRun<int> run =
            InputRun<int>.Start(context => context.ObservableStream(records), new StreamingOptions { MaxBufferedRecords = 100 });
        await run.TickUntilAsync(1000);
        await run.StopAsync(mode);
        if (mode == StopMode.Graceful)
        {
            // The one that met the stop is counted, the others are all there.
            Assert.Equal(1, run.Context.Metrics.DroppedRecords);
            Assert.Equal(Enumerable.Range(0, pushed - 1), run.Records);
        }
    }

    [Fact]
    public async Task DataflowStream_Mailbox_DeclinesAndPostponesWhenFull()
    {
        ITargetBlock<int> mailbox = null!;
        await using InputRun<int> run =
            InputRun<int>.Start(context => context.DataflowStream(out mailbox), new StreamingOptions { MaxBufferedRecords = 2 });
        Assert.True(mailbox.Post(1));
        Assert.True(mailbox.Post(2));
        Assert.False(mailbox.Post(3));
        Task<bool> fourth = mailbox.SendAsync(4);
        Task<bool> fifth = mailbox.SendAsync(5);
        Task<bool> sixth = mailbox.SendAsync(6);
        Assert.False(fourth.IsCompleted);
        Assert.Equal([1, 2], await run.TickAsync());
        await run.TickUntilAsync(5);
        Assert.True(await fourth && await fifth && await sixth);
        Assert.Equal([1, 2, 4, 5, 6], run.Records);
        Assert.True(mailbox.Post(7));
        Assert.True(mailbox.Post(8));
        Task<bool> ninth = mailbox.SendAsync(9);
        await run.StopAsync();
        Assert.Equal([1, 2, 4, 5, 6, 7, 8], run.Records);
        Assert.False(await ninth.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.False(mailbox.Post(10));
    }

    [Fact]
    public async Task DataflowStream_SourceOffersWhileItGives_NeitherWaitsForTheOtherAndOrderIsKept()
    {
        ITargetBlock<int> mailbox = null!;
        await using InputRun<int> run =
            InputRun<int>.Start(context => context.DataflowStream(out mailbox), new StreamingOptions { MaxBufferedRecords = 3 });
        var source = new OfferingSource(mailbox);
        Assert.True(mailbox.Post(0) && mailbox.Post(0) && mailbox.Post(0));
        source.OnConsume = id =>
        {
            // As a block does on another thread, with the lock that giving a message needs.
            if (id == 1)
            {
                Task<DataflowMessageStatus> offering = Task.Run(() => source.Offer(2));
                Assert.True(offering.Wait(TimeSpan.FromSeconds(60)), "The mailbox waits for its source, which waits for the mailbox.");
                Assert.Equal(DataflowMessageStatus.Postponed, offering.Result);
            }
        };
        Assert.Equal(DataflowMessageStatus.Postponed, source.Offer(1));
        await run.TickUntilAsync(5);
        await run.StopAsync();
        Assert.Equal([0, 0, 0, 1, 2], run.Records);
    }

    [Fact]
    public async Task DataflowStream_PostponedMessagesGoElsewhere_OnlyTheNewestIsKept()
    {
        ITargetBlock<int> mailbox = null!;
        await using InputRun<int> run =
            InputRun<int>.Start(context => context.DataflowStream(out mailbox), new StreamingOptions { MaxBufferedRecords = 1 });
        var source = new OfferingSource(mailbox);
        Assert.True(mailbox.Post(0));
        for (int id = 1; id <= 1000; id++)
        {
            Assert.Equal(DataflowMessageStatus.Postponed, source.Offer(id));
        }

        await run.TickUntilAsync(2);
        await run.StopAsync();
        Assert.Equal([0, 1000], run.Records);
        Assert.Equal([1000], source.Asked);
    }

    [Fact]
    public async Task DataflowStream_SourceThrowsWhenAsked_IsReportedAndTheOthersGoOn()
    {
        ITargetBlock<int> mailbox = null!;
        await using InputRun<int> run = InputRun<int>.Start(
            context => context.DataflowStream(out mailbox), new StreamingOptions { MaxBufferedRecords = 1 });
        var source = new OfferingSource(mailbox) { OnConsume = _ => throw new IOException("not given") };

        // Asked at once: it keeps no room.
        Assert.Throws<IOException>(() => mailbox.OfferMessage(new DataflowMessageHeader(1), 1, source, consumeToAccept: true));
        Assert.True(mailbox.Post(2));

        // Asked later, when there is room.
        Assert.Equal(DataflowMessageStatus.Postponed, source.Offer(3));
        Task<bool> fourth = mailbox.SendAsync(4);
        await run.TickUntilAsync(2);
        Assert.True(await fourth);
        await run.StopAsync();
        Assert.Equal([2, 4], run.Records);
        Assert.Contains("not given", run.Listener.Errors.Single());
    }

    [Fact]
    public async Task DataflowStream_SourceFaults_IsReported()
    {
        var block = new TransformBlock<int, int>(number => number == 2 ? throw new IOException("bad two") : number);
        await using InputRun<int> run =
            InputRun<int>.Start(context => context.DataflowStream(block), new StreamingOptions
                { OnBatchFailure = BatchFailurePolicy.ReportAndContinue });
        block.Post(2);
        ReceiverInfo stopped = await run.Listener.Stopped.Task.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Contains("The source block failed", stopped.LastErrorMessage);
        await run.StopAsync();
    }

    [Fact]
    public void Run_EveryPartitionCount_SharesInOrder()
    {
        int[] records = Enumerable.Range(0, 10).ToArray();
        foreach (int partitions in new[] { 1, 2, 3, 7, 16 })
        {
            using var batch =
                new RecordInputBatch<int>([records.AsMemory(0, 3), default, records.AsMemory(3, 1), records.AsMemory(4)], null);
            var seen = new List<int>();
            for (int partition = 0; partition < partitions; partition++)
            {
                int before = seen.Count;
                batch.Run(partition, partitions, new RecordBuffer<int>(new Sink(seen)));
                Assert.Equal((10 * (partition + 1) / partitions) - (10 * partition / partitions), seen.Count - before);
            }

            Assert.Equal(records, seen);
        }
    }

    private sealed class Sink(List<int> seen) : LastOperator<int>
    {
        public override void OnRecords(ReadOnlySpan<int> items) => seen.AddRange(items);
    }

    /// <summary>Gives one record; cannot be disposed of.</summary>
    private sealed class BadEnd : IAsyncEnumerable<int>, IAsyncEnumerator<int>
    {
        public int Current { get; private set; }

        public IAsyncEnumerator<int> GetAsyncEnumerator(CancellationToken cancellationToken = default) => new BadEnd();

        public ValueTask<bool> MoveNextAsync() => ValueTask.FromResult(++Current == 1);

        public ValueTask DisposeAsync() => throw new IOException("not closed");
    }

    /// <summary>Pushes as it is subscribed to; its subscription cannot be ended.</summary>
    private sealed class Pushed(Action<IObserver<int>> push) : IObservable<int>, IDisposable
    {
        public IDisposable Subscribe(IObserver<int> observer)
        {
            push(observer);
            return this;
        }

        public void Dispose() => throw new IOException("not ended");
    }

    /// <summary>Offers messages one by one: the newest is there, the ones before went to another target.</summary>
    private sealed class OfferingSource(ITargetBlock<int> target) : ISourceBlock<int>
    {
        private long _newest;

        public Action<long>? OnConsume { get; set; }

        public ConcurrentQueue<long> Asked { get; } = new();

        public Task Completion => Task.CompletedTask;

        public DataflowMessageStatus Offer(int id)
        {
            Interlocked.Exchange(ref _newest, id);
            return target.OfferMessage(new DataflowMessageHeader(id), id, this, consumeToAccept: false);
        }

        public int ConsumeMessage(DataflowMessageHeader messageHeader, ITargetBlock<int> asking, out bool messageConsumed)
        {
            messageConsumed = messageHeader.Id == Interlocked.Read(ref _newest);
            Asked.Enqueue(messageHeader.Id);
            OnConsume?.Invoke(messageHeader.Id);
            return (int)messageHeader.Id;
        }

        public bool ReserveMessage(DataflowMessageHeader messageHeader, ITargetBlock<int> asking) => false;

        public void ReleaseReservation(DataflowMessageHeader messageHeader, ITargetBlock<int> asking)
        {
        }

        public IDisposable LinkTo(ITargetBlock<int> other, DataflowLinkOptions linkOptions) => throw new NotSupportedException();

        public void Complete()
        {
        }

        public void Fault(Exception exception)
        {
        }
    }
}
