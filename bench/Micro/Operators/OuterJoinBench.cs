using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>Two sides that have half of their keys in common, joined so that the others stay; against a dictionary of both.</summary>
public class OuterJoinBench
{
    private const int Keys = 10_000;

    private readonly CountSink<(long Key, (long Left, Optional<long> Right) Value)> _lefts = new();
    private readonly CountSink<(long Key, (Optional<long> Left, long Right) Value)> _rights = new();
    private readonly CountSink<(long Key, (Optional<long> Left, Optional<long> Right) Value)> _all = new();
    private readonly Dictionary<long, (Optional<long> Left, Optional<long> Right)> _values = [];
    private (long Key, long Value)[] _left = [];
    private (long Key, long Value)[] _right = [];
    private ChainInputs<(long Key, long Value), (long Key, long Value)> _leftOuter = null!;
    private ChainInputs<(long Key, long Value), (long Key, long Value)> _rightOuter = null!;
    private ChainInputs<(long Key, long Value), (long Key, long Value)> _fullOuter = null!;

    [GlobalSetup]
    public void Setup()
    {
        (long Key, long Value)[] pairs = Records.DistinctPairs(Keys + (Keys / 2));
        _left = pairs[..Keys];
        _right = pairs[^Keys..];
        _leftOuter = ChainInputs<(long Key, long Value), (long Key, long Value)>.Of((left, right) => left.LeftOuterJoin(right), _lefts);
        _rightOuter = ChainInputs<(long Key, long Value), (long Key, long Value)>.Of((left, right) => left.RightOuterJoin(right), _rights);
        _fullOuter = ChainInputs<(long Key, long Value), (long Key, long Value)>.Of((left, right) => left.FullOuterJoin(right), _all);
    }

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        Dictionary<long, (Optional<long> Left, Optional<long> Right)> values = _values;
        foreach ((long key, long value) in _left)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(values, key, out _).Left = new Optional<long>(value);
        }

        foreach ((long key, long value) in _right)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(values, key, out _).Right = new Optional<long>(value);
        }

        long count = values.Count;
        values.Clear();
        return count;
    }

    [Benchmark]
    public long LeftOuterJoin()
    {
        _leftOuter.RunBatch(_left, _right);
        return _lefts.Total;
    }

    [Benchmark]
    public long RightOuterJoin()
    {
        _rightOuter.RunBatch(_left, _right);
        return _rights.Total;
    }

    [Benchmark]
    public long FullOuterJoin()
    {
        _fullOuter.RunBatch(_left, _right);
        return _all.Total;
    }
}
