using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>A batch of pairs with Zipf keys summed by key, against a dictionary and a loop.</summary>
/// <typeparam name="TKey">The key.</typeparam>
[GenericTypeArguments(typeof(long))]
[GenericTypeArguments(typeof(Utf8Text))]
public class ReduceByKeyBench<TKey>
    where TKey : notnull
{
    private readonly CountSink<(TKey Key, long Value)> _sink = new();
    private readonly Dictionary<TKey, long> _sums = [];
    private (TKey Key, long Value)[] _pairs = [];
    private ChainInput<(TKey Key, long Value)> _chain = null!;

    [Params(false, true)]
    public bool Polluted { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _pairs = Records.Pairs(Records.ZipfKeys<TKey>());
        if (Polluted)
        {
            Pollution.Run(
                _pairs,
                NewChain((a, b) => a - b),
                NewChain((a, b) => a ^ b),
                NewChain(Math.Max),
                NewChain((a, b) => a < b ? a : b),
                NewChain((a, b) => a | b),
                NewChain((_, b) => b));
        }

        _chain = NewChain((a, b) => a + b);
    }

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        Dictionary<TKey, long> sums = _sums;
        foreach (ref readonly (TKey Key, long Value) pair in _pairs.AsSpan())
        {
            CollectionsMarshal.GetValueRefOrAddDefault(sums, pair.Key, out _) += pair.Value;
        }

        long keys = sums.Count;
        sums.Clear();
        return keys;
    }

    [Benchmark]
    public long ReduceByKey()
    {
        _chain.RunBatch(_pairs);
        return _sink.Total;
    }

    private ChainInput<(TKey Key, long Value)> NewChain(Func<long, long, long> reduce) =>
        Chain.Of((DStream<(TKey Key, long Value)> pairs) => pairs.ReduceByKey(reduce), _sink);
}
