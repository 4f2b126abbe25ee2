using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>
/// What a batch costs that has nothing in it, from the clock's move to its completion, through three stages of two partitions; against
/// the hops alone: a thread and four tasks of the pool, each of which starts the next.
/// </summary>
public class EmptyBatchBench
{
    private RunningContext<long> _context = null!;

    [GlobalSetup]
    public void Setup() => _context = RunningContext<long>.Start(numbers => numbers
        .Map(number => (Key: number, Value: 1L))
        .ReduceByKey((a, b) => a + b)
        .Map(pair => (Key: pair.Value, Value: pair.Key))
        .ReduceByKey(Math.Max));

    [GlobalCleanup]
    public void Cleanup() => _context.Dispose();

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        int left = 4;
        ThreadPool.UnsafeQueueUserWorkItem(Hop, null);
        var spin = default(SpinWait);
        while (Volatile.Read(ref left) > 0)
        {
            spin.SpinOnce(sleep1Threshold: -1);
        }

        return left;

        void Hop(object? state)
        {
            if (Interlocked.Decrement(ref left) > 0)
            {
                ThreadPool.UnsafeQueueUserWorkItem(Hop, null);
            }
        }
    }

    [Benchmark]
    public long EmptyBatch() => _context.RunBatch([]);
}
