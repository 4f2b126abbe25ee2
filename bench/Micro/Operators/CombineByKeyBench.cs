using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>Sum and count of the values of Zipf keys, against a dictionary and a loop.</summary>
public class CombineByKeyBench
{
    private readonly CountSink<(long Key, (long Sum, long Count) Value)> _sink = new();
    private readonly DictionarySums _sums = new();
    private (long Key, long Value)[] _pairs = [];
    private ChainInput<(long Key, long Value)> _chain = null!;

    [Params(false, true)]
    public bool Polluted { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _pairs = Records.Pairs(Records.ZipfKeys<long>());
        if (Polluted)
        {
            Pollution.Run(
                _pairs,
                NewChain(v => (v, 2), (c, v) => (c.Sum - v, c.Count + 1)),
                NewChain(v => (v, v), (c, v) => (Math.Min(c.Sum, v), Math.Max(c.Count, v))),
                NewChain(v => (v * v, 1), (c, v) => (c.Sum + (v * v), c.Count + 1)),
                NewChain(v => (0, 1), (c, v) => (c.Sum, c.Count + (v & 1))),
                NewChain(v => (v, 0), (c, v) => (v, c.Sum)),
                NewChain(v => (-v, 1), (c, v) => (c.Sum ^ v, c.Count + 3)));
        }

        _chain = NewChain(v => (v, 1), (c, v) => (c.Sum + v, c.Count + 1));
    }

    [Benchmark(Baseline = true)]
    public long HandWritten() => _sums.RunBatch(_pairs);

    [Benchmark]
    public long CombineByKey()
    {
        _chain.RunBatch(_pairs);
        return _sink.Total;
    }

    private ChainInput<(long Key, long Value)> NewChain(Func<long, (long Sum, long Count)> create,
        Func<(long Sum, long Count), long, (long Sum, long Count)> merge) =>
        Chain.Of((DStream<(long Key, long Value)> pairs) =>
            pairs.CombineByKey(create, merge, (a, b) => (a.Sum + b.Sum, a.Count + b.Count)), _sink);
}
