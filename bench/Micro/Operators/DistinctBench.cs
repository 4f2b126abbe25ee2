using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>Each of many Zipf records once, against a hash set and a loop.</summary>
public class DistinctBench
{
    private readonly CountSink<long> _sink = new();
    private readonly HashSet<long> _seen = [];
    private readonly long[] _firsts = new long[Records.DifferentKeys];
    private long[] _records = [];
    private ChainInput<long> _chain = null!;

    [GlobalSetup]
    public void Setup()
    {
        _records = Records.ZipfKeys<long>();
        _chain = Chain.Of((DStream<long> records) => records.Distinct(), _sink);
    }

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        HashSet<long> seen = _seen;
        int count = 0;
        foreach (long record in _records)
        {
            if (seen.Add(record))
            {
                _firsts[count++] = record;
            }
        }

        seen.Clear();
        return count;
    }

    [Benchmark]
    public long Distinct()
    {
        _chain.RunBatch(_records);
        return _sink.Total;
    }
}
