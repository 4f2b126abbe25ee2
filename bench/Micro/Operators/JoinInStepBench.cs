using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>Sums and counts of one batch by key, joined: two reductions and a join of unique keys, against a dictionary that holds both.</summary>
public class JoinInStepBench
{
    private readonly CountSink<(long Key, (long Left, long Right) Value)> _sink = new();
    private readonly Dictionary<long, (long Sum, long Count)> _sums = [];
    private (long Key, long Value)[] _pairs = [];
    private ChainInput<(long Key, long Value)> _chain = null!;

    [GlobalSetup]
    public void Setup()
    {
        _pairs = Records.Pairs(Records.ZipfKeys<long>());
        _chain = Chain.Of(
            (DStream<(long Key, long Value)> pairs) => pairs.ReduceByKey((a, b) => a + b).Join(pairs.MapValues(_ => 1L).ReduceByKey((a, b) => a + b)), _sink);
    }

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        Dictionary<long, (long Sum, long Count)> sums = _sums;
        foreach (ref readonly (long Key, long Value) pair in _pairs.AsSpan())
        {
            ref (long Sum, long Count) sum = ref CollectionsMarshal.GetValueRefOrAddDefault(sums, pair.Key, out _);
            sum.Sum += pair.Value;
            sum.Count++;
        }

        long keys = sums.Count;
        sums.Clear();
        return keys;
    }

    [Benchmark]
    public long JoinInStep()
    {
        _chain.RunBatch(_pairs);
        return _sink.Total;
    }
}
