using System.Runtime.ExceptionServices;

namespace FastStream.Tests.Core;

/// <summary>
/// A stack that overflows ends the process without a word: chains that are too long end in an exception, and all others
/// run on the smallest stacks there are.
/// </summary>
public sealed class ChainDepthTests
{
    private const int SmallStackBytes = 1536 << 10;   // the pool's on some systems
    private const int TinyStackBytes = 256 << 10;
    private const int LargeStackBytes = 256 << 20;

    [Fact]
    public void Describe_TooManyInARow_IsRefused() => OnStack(SmallStackBytes, () =>
    {
        DStream<int> stream = NewInput();
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() =>
        {
            for (int i = 0; i < 20_000; i++)
            {
                stream = stream.Map(x => x + 1);
            }
        });
        Assert.Equal(DStream.MaxDepth, stream.Depth);
        Assert.StartsWith("Map would make a chain of 1001 streams; at most 1000 are expected", error.Message);
    });

    [Fact]
    public void Run_LongestChain_Works() => OnStack(SmallStackBytes, () =>
        Assert.Equal([[DStream.MaxDepth - 1], [DStream.MaxDepth]],
            StreamTest.Run([[0], [1]], stream => Maps(stream, DStream.MaxDepth - 1))));

    [Fact]
    public void Start_StackTooSmallForTheChain_SaysSo() => OnStack(TinyStackBytes, () =>
    {
        DStream<int> stream = Maps(NewInput(), DStream.MaxDepth - 1);
        stream.ForEachBatch((_, _) => { });
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(stream.Context.Start);
        Assert.Contains("too deep for the stack", error.Message);
    });

    [Fact]
    public void Run_StackTooSmallForTheChain_FailsInItsOperator() => OnStack(TinyStackBytes, () =>
    {
        Operator<int> chain = new Capture<int>();
        for (int i = 0; i < 20_000; i++)
        {
            chain = new OperatorGuard<int>($"step {i}", new Write(chain));
        }

        var scope = new BatchContext(default, []);
        OperatorFailure atStart = Assert.Throws<OperatorFailure>(() => chain.OnBatchStart(scope));
        Assert.Contains("too deep for the stack", atStart.InnerException!.Message);
        OnStack(LargeStackBytes, () => chain.OnBatchStart(scope));
        OperatorFailure inBatch = Assert.Throws<OperatorFailure>(() => chain.OnRecords([1]));
        Assert.Contains("too deep for the stack", inBatch.InnerException!.Message);
        OperatorFailure atEnd = Assert.Throws<OperatorFailure>(() => chain.OnBatchEnd(scope));
        Assert.Contains("too deep for the stack", atEnd.InnerException!.Message);
    });

    [Fact]
    public void Union_OfTooManyStreams_FailsOrWorks() => OnStack(TinyStackBytes, () =>
    {
        // Where the others have ended already, the first one's end hands the turn on through all of them.
        // optimized code takes few bytes of stack for each, or none where a call is the last thing that is done
        const int streams = 200_000;
        var scope = new BatchContext(default, []);
        OrderedInput<int>? following = null;
        for (int i = 1; i < streams; i++)
        {
            following = new OrderedInput<int>(new Capture<int>(), begin: null, following is null ? null : following.TakeTurn);
            following.OnBatchEnd(scope);
        }

        var first = new OrderedInput<int>(new Capture<int>(), begin: _ => { }, following!.TakeTurn);
        if (Record.Exception(() => first.OnBatchEnd(scope)) is { } error)
        {
            Assert.Contains("too deep for the stack", Assert.IsType<InvalidOperationException>(error).Message);
        }
    });

    private static ManualStream<int> NewInput() =>
        new(new StreamingContext(new StreamingOptions { TimeProvider = new ManualTimeProvider() }));

    private static DStream<int> Maps(DStream<int> stream, int count)
    {
        for (int i = 0; i < count; i++)
        {
            stream = stream.Map(x => x + 1);
        }

        return stream;
    }

    private static void OnStack(int bytes, Action action)
    {
        Exception? failure = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    action();
                }
                catch (Exception error)
                {
                    failure = error;
                }
            },
            bytes);
        thread.Start();
        thread.Join();
        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    private sealed class Write(Operator<int> next) : Operator<int, int>(next)
    {
        public override void OnRecords(ReadOnlySpan<int> items) => Next.OnRecords(items);
    }
}
