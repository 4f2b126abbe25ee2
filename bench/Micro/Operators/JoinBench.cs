using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>
/// Two sides with one value for each key, as two reduced streams are, joined and co-grouped; against a dictionary of
/// one side.
/// </summary>
public class JoinBench
{
    private const int Keys = 10_000;

    private readonly CountSink<(long Key, (long Left, long Right) Value)> _joined = new();
    private readonly CountSink<(long Key, (Group<long> Left, Group<long> Right) Value)> _grouped = new();
    private readonly Dictionary<long, long> _values = [];
    private readonly (long Key, (long Left, long Right) Value)[] _results = new (long, (long, long))[Keys];
    private (long Key, long Value)[] _left = [];
    private (long Key, long Value)[] _right = [];
    private ChainInputs<(long Key, long Value), (long Key, long Value)> _join = null!;
    private ChainInputs<(long Key, long Value), (long Key, long Value)> _coGroup = null!;

    [GlobalSetup]
    public void Setup()
    {
        _left = Records.DistinctPairs(Keys);
        _right = [.. _left.Reverse()];
        _join = ChainInputs<(long Key, long Value), (long Key, long Value)>.Of((left, right) => left.Join(right), _joined);
        _coGroup = ChainInputs<(long Key, long Value), (long Key, long Value)>.Of((left, right) => left.CoGroup(right), _grouped);
    }

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        Dictionary<long, long> values = _values;
        foreach ((long key, long value) in _left)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(values, key, out _) = value;
        }

        int count = 0;
        foreach ((long key, long value) in _right)
        {
            if (values.TryGetValue(key, out long left))
            {
                _results[count++] = (key, (left, value));
            }
        }

        values.Clear();
        return count;
    }

    [Benchmark]
    public long Join()
    {
        _join.RunBatch(_left, _right);
        return _joined.Total;
    }

    [Benchmark]
    public long CoGroup()
    {
        _coGroup.RunBatch(_left, _right);
        return _grouped.Total;
    }
}
