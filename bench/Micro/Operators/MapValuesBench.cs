using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>Records keyed, their values changed and doubled, against one loop.</summary>
public class MapValuesBench
{
    private readonly CountSink<(long Key, long Value)> _sink = new();
    private readonly (long Key, long Value)[] _results = new (long, long)[2 * 4096];
    private long[] _numbers = [];
    private ChainInput<long> _chain = null!;

    [Params(false, true)]
    public bool Polluted { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _numbers = Records.Numbers(4096);
        if (Polluted)
        {
            Pollution.Run(
                _numbers,
                NewChain(x => x & 511, v => v + 1, (v, output) => output.Add(v)),
                NewChain(x => x & 255, v => v - 2, (v, output) => output.Add(-v)),
                NewChain(x => x >> 54, v => v ^ 3, (v, output) => output.Add(v << 1)),
                NewChain(x => x >> 55, v => v << 4, (v, output) => output.Add(v >> 1)),
                NewChain(x => -x, v => v >> 5, (v, output) => output.Add(v + 1)),
                NewChain(x => x, v => ~v, (v, output) => output.Add(~v)));
        }

        _chain = NewChain(x => x & 1023, v => v >> 10, Double);
    }

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        int count = 0;
        foreach (long x in _numbers)
        {
            _results[count++] = (x & 1023, x >> 10);
            _results[count++] = (x & 1023, -(x >> 10));
        }

        return count;
    }

    [Benchmark]
    public long KeyByMapValuesFlatMapValues()
    {
        _chain.RunBatch(_numbers);
        return _sink.Total;
    }

    private ChainInput<long> NewChain(Func<long, long> key, Func<long, long> map, Action<long, RecordBuffer<long>> flatMap) =>
        Chain.Of((DStream<long> numbers) => numbers.KeyBy(key).MapValues(map).FlatMapValues(flatMap), _sink);

    private static void Double(long value, RecordBuffer<long> output)
    {
        output.Add(value);
        output.Add(-value);
    }
}
