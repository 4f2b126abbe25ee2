using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>A batch of numbers made one and counted, against a loop.</summary>
public class ReduceBench
{
    private readonly SumSink _sink = new();
    private long[] _numbers = [];
    private ChainInput<long> _reduce = null!;
    private ChainInput<long> _count = null!;

    [Params(false, true)]
    public bool Polluted { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _numbers = Records.Numbers(4096);
        if (Polluted)
        {
            Pollution.Run(
                _numbers,
                NewChain((a, b) => a - b), NewChain((a, b) => a ^ b), NewChain(Math.Max), NewChain((a, b) => a & b),
                NewChain((a, b) => a | b), NewChain((a, _) => a));
        }

        _reduce = NewChain((a, b) => a + b);
        _count = Chain.Of((DStream<long> numbers) => numbers.Count(), _sink);
    }

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        long sum = 0;
        foreach (long number in _numbers)
        {
            sum += number;
        }

        return sum;
    }

    [Benchmark]
    public long Reduce()
    {
        _reduce.RunBatch(_numbers);
        return _sink.Total;
    }

    [Benchmark]
    public long Count()
    {
        _count.RunBatch(_numbers);
        return _sink.Total;
    }

    private ChainInput<long> NewChain(Func<long, long, long> reduce) => Chain.Of((DStream<long> numbers) => numbers.Reduce(reduce), _sink);
}
