using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>What an error policy costs where no record fails: the same operators with and without one.</summary>
public class OnErrorBench
{
    private readonly SumSink _sum = new();
    private long[][] _batches = [];
    private int _next;   // the next batch; they take turns
    private ChainInput<long> _plain = null!;
    private ChainInput<long> _tolerant = null!;

    [GlobalSetup]
    public void Setup()
    {
        _batches = Records.NumberBatches();
        _plain = Chain.Of((DStream<long> numbers) => numbers.Map(x => (x * 3) + 1).Filter(m => (m & 1) == 0), _sum);
        _tolerant = Chain.Of(
            (DStream<long> numbers) => numbers.Map(x => (x * 3) + 1).OnError(RecordErrorPolicy.Drop)
                .Filter(m => (m & 1) == 0).OnError(RecordErrorPolicy.Drop), _sum);
    }

    [Benchmark(Baseline = true)]
    public long MapFilter()
    {
        _plain.RunBatch(_batches[_next++ & (_batches.Length - 1)]);
        return _sum.Total;
    }

    [Benchmark]
    public long MapFilterOnError()
    {
        _tolerant.RunBatch(_batches[_next++ & (_batches.Length - 1)]);
        return _sum.Total;
    }
}
