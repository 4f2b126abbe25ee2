using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>None to three records out of each, against two loops.</summary>
public class FlatMapBench
{
    private readonly CountSink<long> _sink = new();
    private readonly long[] _results = new long[3 * 4096];
    private long[][] _batches = [];
    private int _next;   // the next batch; they take turns
    private ChainInput<long> _chain = null!;

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
                NewChain((x, output) => output.Add(x + 1)),
                NewChain((x, output) => Repeat(x ^ 1, x & 1, output)),
                NewChain((x, output) => Repeat(x + 2, (x >> 1) & 3, output)),
                NewChain((x, output) => Repeat(x - 3, (x >> 2) & 3, output)),
                NewChain((x, output) => Repeat(x << 1, (x >> 3) & 3, output)),
                NewChain((x, output) => Repeat(-x, (x >> 4) & 3, output)));
        }

        _chain = NewChain((x, output) => Repeat(x, x & 3, output));
    }

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        long[] results = _results;
        int count = 0;
        foreach (long x in NextBatch())
        {
            for (long i = 0; i < (x & 3); i++)
            {
                results[count++] = x + i;
            }
        }

        return count;
    }

    [Benchmark]
    public long FlatMap()
    {
        _chain.RunBatch(NextBatch());
        return _sink.Total;
    }

    private long[] NextBatch() => _batches[_next++ & (_batches.Length - 1)];

    private ChainInput<long> NewChain(Action<long, RecordBuffer<long>> flatMap) =>
        Chain.Of((DStream<long> numbers) => numbers.FlatMap(flatMap), _sink);

    private static void Repeat(long x, long count, RecordBuffer<long> output)
    {
        for (long i = 0; i < count; i++)
        {
            output.Add(x + i);
        }
    }
}
