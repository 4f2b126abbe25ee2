using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>
/// Three operators with a lambda each and a sum, on random numbers of which the filter keeps a half that nobody can
/// predict, against one loop.
/// </summary>
public class MapFilterChainBench
{
    private readonly SumSink _sum = new();
    private long[][] _batches = [];
    private int _next;   // the next batch; they take turns
    private ChainInput<long> _chain = null!;
    private ChainInput<long> _ownLoop = null!;

    [Params(false, true)]
    public bool Polluted { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _batches = Records.NumberBatches();
        if (Polluted)
        {
            Pollution.Run(
                _batches[0],
                NewChain(x => (x * 5) + 7, m => (m & 4) == 0, m => m ^ (m >> 9)),
                NewChain(x => x + 11, m => (m & 8) != 0, m => m - (m >> 3)),
                NewChain(x => x ^ 0x55, m => m % 3 == 0, m => m << 1),
                NewChain(x => x - 13, m => (m & 3) == 1, m => m | 1),
                NewChain(x => x >> 1, m => m > 0, m => ~m),
                NewChain(x => -x, m => (m & 16) == 0, m => m + (m >> 5)));
        }

        _chain = NewChain(x => (x * 3) + 1, m => (m & 1) == 0, m => m ^ (m >> 7));
        _ownLoop = Chain.Of((DStream<long> numbers) => numbers.MapSpan<long, long>(MapFilterMap), _sum);
    }

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        long sum = 0;
        foreach (long x in NextBatch())
        {
            long m = (x * 3) + 1;
            if ((m & 1) == 0)
            {
                sum += m ^ (m >> 7);
            }
        }

        return sum;
    }

    [Benchmark]
    public long MapFilterMap()
    {
        _chain.RunBatch(NextBatch());
        return _sum.Total;
    }

    [Benchmark]
    public long MapSpan()
    {
        _ownLoop.RunBatch(NextBatch());
        return _sum.Total;
    }

    private long[] NextBatch() => _batches[_next++ & (_batches.Length - 1)];

    private ChainInput<long> NewChain(Func<long, long> first, Func<long, bool> keep, Func<long, long> second) =>
        Chain.Of((DStream<long> numbers) => numbers.Map(first).Filter(keep).Map(second), _sum);

    private static void MapFilterMap(ReadOnlySpan<long> items, RecordBuffer<long> output)
    {
        Span<long> results = output.GetSpan(items.Length);
        int count = 0;
        for (int i = 0; i < items.Length; i++)
        {
            long m = (items[i] * 3) + 1;
            results[count] = m ^ (m >> 7);
            count += (int)(~m & 1);
        }

        output.Advance(count);
    }
}
