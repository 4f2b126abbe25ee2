using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>
/// Functions of a gathered batch or partition, where the function hands on one number, against a loop: what gathering
/// costs.
/// </summary>
public class TransformBench
{
    private static readonly long[] Zero = [0];

    private readonly SumSink _sink = new();
    private long[] _numbers = [];
    private ChainInput<long> _transform = null!;
    private ChainInputs<long, long> _transformWith = null!;
    private ChainInput<long> _mapPartitions = null!;
    private ChainInput<long> _glom = null!;

    [GlobalSetup]
    public void Setup()
    {
        _numbers = Records.Numbers(Records.BatchRecords);
        _transform = Chain.Of((DStream<long> numbers) => numbers.Transform(_ => Zero), _sink);
        _transformWith = ChainInputs<long, long>.Of((left, right) => left.TransformWith(right, (_, _, _) => Zero), _sink);
        _mapPartitions = Chain.Of((DStream<long> numbers) => numbers.MapPartitions(_ => Zero), _sink);
        _glom = Chain.Of((DStream<long> numbers) => numbers.Glom().Map(all => all[0]), _sink);
    }

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        long sum = 0;
        foreach (long number in _numbers)
        {
            sum += number;
        }

        return sum;
    }

    [Benchmark]
    public long Transform()
    {
        _transform.RunBatch(_numbers);
        return _sink.Total;
    }

    [Benchmark]
    public long TransformWith()
    {
        _transformWith.RunBatch(_numbers, _numbers);
        return _sink.Total;
    }

    [Benchmark]
    public long MapPartitions()
    {
        _mapPartitions.RunBatch(_numbers);
        return _sink.Total;
    }

    [Benchmark]
    public long Glom()
    {
        _glom.RunBatch(_numbers);
        return _sink.Total;
    }
}
