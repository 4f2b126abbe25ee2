using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>The last ten batches of 65,536 numbers together, once a batch, against a ring of arrays.</summary>
public class WindowBench
{
    private const int Panes = 10;

    private readonly SumSink _sink = new();
    private readonly BatchRing<long> _ring = new(Panes, Records.BatchRecords);
    private long[] _numbers = [];
    private KeepingChain<long> _chain = null!;

    [GlobalSetup]
    public void Setup()
    {
        _numbers = Records.Numbers(Records.BatchRecords);
        _chain = KeepingChain<long>.Of(numbers => numbers.Window(KeepingChain<long>.Interval * Panes), _sink);
        for (int i = 0; i < Panes; i++)
        {
            HandWritten();
            Window();
        }
    }

    [GlobalCleanup]
    public void Cleanup() => _chain.Dispose();

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        _numbers.CopyTo(_ring.Next(_numbers.Length));
        long total = 0;
        for (int age = Panes - 1; age >= 0; age--)
        {
            foreach (long number in _ring.Kept(age))
            {
                total += number;
            }
        }

        return total;
    }

    [Benchmark]
    public long Window()
    {
        _chain.RunBatch(_numbers);
        return _sink.Total;
    }
}
