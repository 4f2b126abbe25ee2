using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>
/// Sums and counts of one batch by key, joined: two reductions and a join of unique keys, against a dictionary that
/// holds both.
/// </summary>
public class JoinInStepBench
{
    private readonly CountSink<(long Key, (long Left, long Right) Value)> _sink = new();
    private readonly DictionarySums _sums = new();
    private (long Key, long Value)[] _pairs = [];
    private ChainInput<(long Key, long Value)> _chain = null!;

    [GlobalSetup]
    public void Setup()
    {
        _pairs = Records.Pairs(Records.ZipfKeys<long>());
        _chain = Chain.Of(
            (DStream<(long Key, long Value)> pairs) => pairs.ReduceByKey((a, b) => a + b)
                .Join(pairs.MapValues(_ => 1L).ReduceByKey((a, b) => a + b)), _sink);
    }

    [Benchmark(Baseline = true)]
    public long HandWritten() => _sums.RunBatch(_pairs);

    [Benchmark]
    public long JoinInStep()
    {
        _chain.RunBatch(_pairs);
        return _sink.Total;
    }
}
