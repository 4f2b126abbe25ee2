using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>Two streams as one, against two copies: spans go through a union as they are.</summary>
public class UnionBench
{
    private readonly CountSink<long> _sink = new();
    private readonly long[] _results = new long[2 * 4096];
    private long[] _numbers = [];
    private ChainInputs<long, long> _chain = null!;

    [GlobalSetup]
    public void Setup()
    {
        _numbers = Records.Numbers(4096);
        _chain = ChainInputs<long, long>.Of((left, right) => left.Union(right), _sink);
    }

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        _numbers.CopyTo(_results, 0);
        _numbers.CopyTo(_results, _numbers.Length);
        return _results[^1];
    }

    [Benchmark]
    public long Union()
    {
        _chain.RunBatch(_numbers, _numbers);
        return _sink.Total;
    }
}
