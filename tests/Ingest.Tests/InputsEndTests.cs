using System.Collections.Concurrent;
using System.Threading.Channels;
using System.Threading.Tasks.Dataflow;

namespace FastStream.Tests;

/// <summary>
/// A context whose inputs have all ended completes by itself where that is asked for; one whose input ended by an error
/// fails.
/// </summary>
public sealed class InputsEndTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);   // only a hang takes it

    private readonly string _folder = Directory.CreateTempSubdirectory("faststream-ends-").FullName;

    /// <summary>Inputs of two records, 1 and 2, each with what lets it end.</summary>
    public static TheoryData<string> Ending => [.. Inputs.Keys];

    /// <summary>Inputs of two records that then end by an error.</summary>
    public static TheoryData<string> Failing => [.. FailingInputs.Keys];

    private static readonly Dictionary<string, Func<StreamingContext, InputsEndTests, DStream<int>>> Inputs = new()
    {
        ["channel"] = (context, _) => context.ChannelStream(Filled(null).Reader),
        ["sequence"] = (context, _) => context.AsyncEnumerableStream(Sequence(null)),
        ["observable"] = (context, _) => context.ObservableStream(new Pushing(null)),
        ["block"] = (context, _) => context.DataflowStream(Block()),
        ["mailbox"] = (context, _) => Mailbox(context, null),
        ["receiver"] = (context, _) => context.ReceiverStream(new Storing((_, _) => { })),
        ["stopped receiver"] = (context, _) => context.ReceiverStream(new Storing((receiver, _) => receiver.Stop("enough"))),
        ["replay"] = (context, test) => context.ReplayTextFile(test.Write("1\n2\n"), bytesPerBatch: 2).Map(Number),
        ["replay of batches"] = (context, test) => context.ReplayTextFile(test.Write("1\n2\n3\n"), [2, 2, 4]).Map(Number),
        ["with a constant"] = (context, _) => context.ChannelStream(Filled(null).Reader).Union(context.ConstantStream<int>([])),
        ["two"] = (context, test) => Inputs!["channel"](context, test).Filter(x => x == 1)
            .Union(Inputs["replay"](context, test).Filter(x => x == 2)),
    };

    private static readonly Dictionary<string, Func<StreamingContext, DStream<int>>> FailingInputs = new()
    {
        ["channel"] = context => context.ChannelStream(Filled(new IOException("lost")).Reader),
        ["sequence"] = context => context.AsyncEnumerableStream(Sequence(new IOException("lost"))),
        ["observable"] = context => context.ObservableStream(new Pushing(new IOException("lost"))),
        ["mailbox"] = context => Mailbox(context, new IOException("lost")),
        ["receiver"] =
            context => context.ReceiverStream(new Storing((receiver, _) => receiver.Stop("It is lost.", new IOException("lost")))),
    };

    [Theory]
    [MemberData(nameof(Ending))]
    public async Task StopWhenInputsEnd_AllHaveEnded_CompletesAfterTheLastRecord(string input)
    {
        var (context, clock, seen) = New(context => Inputs[input](context, this), options => options with { StopWhenInputsEnd = true });
        await using (context)
        {
            context.Start();
            await TickUntilAsync(context, clock, () => context.Completion.IsCompleted);
            await context.Completion;
            Assert.Equal(StreamingContextState.Stopped, context.State);
            Assert.Equal([1, 2], seen.Order());
        }
    }

    [Theory]
    [MemberData(nameof(Ending))]
    public async Task StopWhenInputsEnd_NotAskedFor_GoesOn(string input)
    {
        var (context, clock, seen) = New(context => Inputs[input](context, this));
        await using (context)
        {
            context.Start();
            await TickUntilAsync(context, clock, () => seen.Count == 2);
            for (int i = 0; i < 3; i++)
            {
                await TickAsync(context, clock);
            }

            Assert.Equal(StreamingContextState.Active, context.State);
        }
    }

    [Fact]
    public async Task StopWhenInputsEnd_SocketWithoutReconnect_CompletesAfterTheLastLine()
    {
        using var peer = new Peer();
        var (context, clock, seen) = New(
            context => context.SocketTextStream("127.0.0.1", peer.Port, new SocketSourceOptions { Reconnect = false }).Map(Number),
            options => options with { StopWhenInputsEnd = true });
        await using (context)
        {
            context.Start();
            using Connection connection = await peer.AcceptAsync();
            await connection.SendAsync("1\n2");
            await TickUntilAsync(context, clock, () => seen.Count == 1);
            Assert.Equal(StreamingContextState.Active, context.State);
            connection.End();
            await TickUntilAsync(context, clock, () => context.Completion.IsCompleted);
            await context.Completion;
            Assert.Equal([1, 2], seen);
        }
    }

    [Fact]
    public async Task StopWhenInputsEnd_OneIsOpen_GoesOn()
    {
        var open = Channel.CreateUnbounded<int>();
        var (context, clock, seen) = New(
            context => context.ChannelStream(Filled(null).Reader).Union(context.ChannelStream(open.Reader)),
            options => options with { StopWhenInputsEnd = true });
        await using (context)
        {
            context.Start();
            await TickUntilAsync(context, clock, () => seen.Count == 2);
            await TickAsync(context, clock);
            Assert.Equal(StreamingContextState.Active, context.State);
            open.Writer.TryWrite(3);
            open.Writer.Complete();
            await TickUntilAsync(context, clock, () => context.Completion.IsCompleted);
            Assert.Equal([1, 2, 3], seen);
        }
    }

    [Fact]
    public async Task StopWhenInputsEnd_ReplayThatRepeats_NeverEnds()
    {
        var (context, clock, seen) =
            New(context => context.ReplayTextFile(Write("1\n2\n"), [2, 4], repeat: true).Map(Number),
                options => options with { StopWhenInputsEnd = true });
        await using (context)
        {
            context.Start();
            await TickUntilAsync(context, clock, () => seen.Count == 5);
            Assert.Equal([1, 2, 1, 2, 1], seen);
        }
    }

    [Theory]
    [MemberData(nameof(Failing))]
    public async Task Error_UnderFailContext_FailsTheContextAfterWhatCameBefore(string input)
    {
        // The clock stands still: the last batch is the stop's.
        var (context, _, seen) = New(context => FailingInputs[input](context));
        await using (context)
        {
            context.Start();
            StreamingException failure = await Assert.ThrowsAsync<StreamingException>(() => context.Completion.WaitAsync(Patience));
            Assert.Contains("lost", failure.Message);
            Assert.Contains(failure.OperatorName!, failure.Message);
            Assert.Contains("lost", failure.InnerException!.ToString());
            Assert.Equal([1, 2], seen);
        }
    }

    [Theory]
    [MemberData(nameof(Failing))]
    public async Task Error_UnderReportAndContinue_EndsTheInputOnly(string input)
    {
        var (context, clock, seen) = New(
            context => FailingInputs[input](context), options => options with
                { OnBatchFailure = BatchFailurePolicy.ReportAndContinue, StopWhenInputsEnd = true });
        await using (context)
        {
            context.Start();
            await TickUntilAsync(context, clock, () => context.Completion.IsCompleted);
            await context.Completion;
            Assert.Equal([1, 2], seen);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static int Number(Utf8Text line) => int.Parse(line.ToString(), System.Globalization.CultureInfo.InvariantCulture);

    private static (StreamingContext Context, ManualTimeProvider Clock, ConcurrentQueue<int> Seen) New(
        Func<StreamingContext, DStream<int>> describe, Func<StreamingOptions, StreamingOptions>? configure = null)
    {
        var clock = new ManualTimeProvider();
        var options = new StreamingOptions { Partitions = 1, TimeProvider = clock };
        var context = new StreamingContext(configure?.Invoke(options) ?? options);
        var seen = new ConcurrentQueue<int>();
        describe(context).ForEachBatch((batch, _) =>
        {
            foreach (int record in batch)
            {
                seen.Enqueue(record);
            }
        });
        return (context, clock, seen);
    }

    // One batch, or the end of the context.
    private static async Task TickAsync(StreamingContext context, ManualTimeProvider clock)
    {
        Task completed = context.WhenCompletedAsync(BatchTime.From(clock.GetUtcNow()) + TimeSpan.FromSeconds(1));
        clock.Advance(TimeSpan.FromSeconds(1));
        await Task.WhenAny(completed, context.Completion).WaitAsync(Patience);
    }

    private static async Task TickUntilAsync(StreamingContext context, ManualTimeProvider clock, Func<bool> done)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!done())
        {
            Assert.False(patience.IsCancellationRequested, "It never became so.");
            await TickAsync(context, clock);
        }
    }

    private static Channel<int> Filled(Exception? end)
    {
        var channel = Channel.CreateUnbounded<int>();
        channel.Writer.TryWrite(1);
        channel.Writer.TryWrite(2);
        channel.Writer.Complete(end);
        return channel;
    }

    private static async IAsyncEnumerable<int> Sequence(Exception? end)
    {
        yield return 1;
        yield return 2;
        await Task.Yield();
        if (end is not null)
        {
            throw end;
        }
    }

    private static BufferBlock<int> Block()
    {
        var block = new BufferBlock<int>();
        block.Post(1);
        block.Post(2);
        block.Complete();
        return block;
    }

    // A block that faults throws away what it holds; a mailbox has taken it.
    private static DStream<int> Mailbox(StreamingContext context, Exception? end)
    {
        DStream<int> stream = context.DataflowStream(out ITargetBlock<int> mailbox);
        mailbox.Post(1);
        mailbox.Post(2);
        if (end is null)
        {
            mailbox.Complete();
        }
        else
        {
            mailbox.Fault(end);
        }

        return stream;
    }

    private string Write(string text)
    {
        string path = Path.Combine(_folder, "lines.txt");
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Gives 1 and 2 while it is subscribed to, then its end.</summary>
    private sealed class Pushing(Exception? end) : IObservable<int>, IDisposable
    {
        public IDisposable Subscribe(IObserver<int> observer)
        {
            observer.OnNext(1);
            observer.OnNext(2);
            if (end is null)
            {
                observer.OnCompleted();
            }
            else
            {
                observer.OnError(end);
            }

            return this;
        }

        public void Dispose()
        {
        }
    }

    private sealed class Storing(Action<Receiver<int>, CancellationToken> end) : Receiver<int>
    {
        protected override async Task RunAsync(CancellationToken stop)
        {
            await StoreAsync(1, stop);
            await StoreAsync(2, stop);
            end(this, stop);
        }
    }
}
