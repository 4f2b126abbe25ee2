using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>
/// Running sums of all keys after each batch of 65,536 pairs, whose keys are drawn evenly, against a dictionary that is
/// added to and then walked.
/// </summary>
public class UpdateStateByKeyBench
{
    private const int Batches = 8;

    private readonly CountSink<(long Key, long Value)> _sink = new();
    private readonly Dictionary<long, long> _sums = [];
    private (long Key, long Value)[] _output = [];
    private (long Key, long Value)[][] _batches = [];
    private KeepingChain<(long Key, long Value)> _chain = null!;
    private int _next;

    [Params(1_000, 100_000, 1_000_000)]
    public int Keys { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _batches = Records.EvenPairBatches<long>(Batches, Keys);
        _output = new (long Key, long Value)[Keys];
        (long Key, long Value)[] all = Records.Pairs(Enumerable.Range(0, Keys).Select(key => (long)key).ToArray());
        _chain = KeepingChain<(long Key, long Value)>.Of(
            pairs => pairs.UpdateStateByKey((ReadOnlySpan<long> values, Optional<long> state) => state.GetValueOrDefault() + Sum(values),
                all), _sink);
        Add(all);
    }

    [GlobalCleanup]
    public void Cleanup() => _chain.Dispose();

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        Add(_batches[_next++ % Batches]);
        int count = 0;
        foreach ((long key, long value) in _sums)
        {
            _output[count++] = (key, value);
        }

        return count;
    }

    [Benchmark]
    public long UpdateStateByKey()
    {
        _chain.RunBatch(_batches[_next++ % Batches]);
        return _sink.Total;
    }

    private static long Sum(ReadOnlySpan<long> values)
    {
        long sum = 0;
        foreach (long value in values)
        {
            sum += value;
        }

        return sum;
    }

    private void Add((long Key, long Value)[] pairs)
    {
        foreach (ref readonly (long Key, long Value) pair in pairs.AsSpan())
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_sums, pair.Key, out _) += pair.Value;
        }
    }
}
