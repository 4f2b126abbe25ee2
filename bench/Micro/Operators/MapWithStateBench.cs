using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>
/// The running sum of a key at each of 65,536 pairs, whose keys are drawn evenly, against a dictionary: its cost should
/// grow with cache misses only as keys do.
/// </summary>
public class MapWithStateBench
{
    private const int Batches = 8;

    private readonly CountSink<(long Key, long Value)> _sink = new();
    private readonly Dictionary<long, long> _sums = [];
    private readonly (long Key, long Value)[] _output = new (long Key, long Value)[RecordBuffer.SpanRecords];
    private (long Key, long Value)[][] _batches = [];
    private KeepingChain<(long Key, long Value)> _chain = null!;
    private int _next;

    [Params(1_000, 100_000, 1_000_000, 4_000_000)]
    public int Keys { get; set; }

    [Params(false, true)]
    public bool TimesOut { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _batches = Records.EvenPairBatches<long>(Batches, Keys);
        (long Key, long Value)[] all = Records.Pairs(Enumerable.Range(0, Keys).Select(key => (long)key).ToArray());
        StateSpec<long, long, long, (long Key, long Value)> spec =
            StateSpec.Function<long, long, long, (long Key, long Value)>(static (key, value, state) =>
        {
            long sum = state.GetValueOrDefault() + value.GetValueOrDefault();
            state.Update(sum);
            return (key, sum);
        });
        spec = TimesOut ? spec.Timeout(TimeSpan.FromDays(1)) : spec;
        _chain = KeepingChain<(long Key, long Value)>.Of(pairs => pairs.MapWithState(spec.InitialState(all)), _sink);
        _chain.RunBatch([]);
        foreach ((long key, long value) in all)
        {
            _sums.Add(key, value);
        }
    }

    [GlobalCleanup]
    public void Cleanup() => _chain.Dispose();

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        int count = 0;
        foreach (ref readonly (long Key, long Value) pair in _batches[_next++ % Batches].AsSpan())
        {
            ref long sum = ref CollectionsMarshal.GetValueRefOrAddDefault(_sums, pair.Key, out _);
            sum += pair.Value;
            _output[count++ % RecordBuffer.SpanRecords] = (pair.Key, sum);
        }

        return _output[0].Value;
    }

    [Benchmark]
    public long MapWithState()
    {
        _chain.RunBatch(_batches[_next++ % Batches]);
        return _sink.Total;
    }
}
