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
        await using InputRun<long> run = InputRun<long>.Start(context => context.RateStream(rate, index => index), new StreamingOptions { Partitions = 4 });
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(rate, (await run.TickAsync()).Count);
        }

        await run.StopAsync();
        Assert.Equal(Enumerable.Range(0, run.Records.Count()).Select(index => (long)index), run.Records);
    }

    [Fact]
    public async Task ChannelStream_CompletedWithError_IsReportedAndTheStreamGoesOn()
    {
        var channel = Channel.CreateUnbounded<int>();
        await using InputRun<int> run = InputRun<int>.Start(context => context.ChannelStream(channel.Reader));
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
        await using InputRun<int> run = InputRun<int>.Start(context => context.AsyncEnumerableStream(Failing()));
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
    public async Task DataflowStream_Mailbox_DeclinesAndPostponesWhenFull()
    {
        ITargetBlock<int> mailbox = null!;
        await using InputRun<int> run = InputRun<int>.Start(context => context.DataflowStream(out mailbox), new StreamingOptions { MaxBufferedRecords = 2 });
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
    public async Task DataflowStream_SourceFaults_IsReported()
    {
        var block = new TransformBlock<int, int>(number => number == 2 ? throw new IOException("bad two") : number);
        await using InputRun<int> run = InputRun<int>.Start(context => context.DataflowStream(block));
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
            using var batch = new RecordInputBatch<int>([records.AsMemory(0, 3), default, records.AsMemory(3, 1), records.AsMemory(4)], null);
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

    private sealed class Sink(List<int> seen) : Operator<int>
    {
        public override void OnBatch(ReadOnlySpan<int> items) => seen.AddRange(items);

        public override void OnBatchEnd(BatchScope batch)
        {
        }

        public override void Reset()
        {
        }
    }
}
