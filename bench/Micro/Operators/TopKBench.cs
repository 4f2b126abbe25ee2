using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>The ten largest of random numbers, against a loop that keeps them sorted in an array.</summary>
public class TopKBench
{
    private const int Kept = 10;

    private readonly SumSink _sink = new();
    private readonly long[] _best = new long[Kept];
    private long[] _numbers = [];
    private ChainInput<long> _chain = null!;

    [Params(false, true)]
    public bool Polluted { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _numbers = Records.Numbers(Records.BatchRecords);
        if (Polluted)
        {
            Pollution.Run(
                _numbers,
                NewChain(x => -x), NewChain(x => x ^ 0x55), NewChain(x => x >> 3), NewChain(x => x + 1),
                NewChain(x => x & 0xFFFF), NewChain(x => x * 3));
        }

        _chain = NewChain(x => x);
    }

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        Span<long> best = _best;
        best.Fill(long.MinValue);
        foreach (long number in _numbers)
        {
            if (number > best[^1])
            {
                int place = best.Length - 1;
                for (; place > 0 && best[place - 1] < number; place--)
                {
                    best[place] = best[place - 1];
                }

                best[place] = number;
            }
        }

        return best[0];
    }

    [Benchmark]
    public long TopK()
    {
        _chain.RunBatch(_numbers);
        return _sink.Total;
    }

    private ChainInput<long> NewChain(Func<long, long> key) => Chain.Of((DStream<long> numbers) => numbers.TopK(Kept, key), _sink);
}
