using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>The values of Zipf keys together, against a counting sort by hand with a dictionary that numbers the keys.</summary>
public class GroupByKeyBench
{
    private readonly CountSink<(long Key, Group<long> Value)> _sink = new();
    private readonly Dictionary<long, int> _numbers = [];
    private readonly int[] _groups = new int[Records.BatchRecords];
    private readonly int[] _ends = new int[Records.DifferentKeys + 1];
    private readonly long[] _sorted = new long[Records.BatchRecords];
    private (long Key, long Value)[] _pairs = [];
    private ChainInput<(long Key, long Value)> _chain = null!;

    [GlobalSetup]
    public void Setup()
    {
        _pairs = Records.Pairs(Records.ZipfKeys<long>());
        _chain = Chain.Of((DStream<(long Key, long Value)> pairs) => pairs.GroupByKey(), _sink);
    }

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        Dictionary<long, int> numbers = _numbers;
        Array.Clear(_ends);
        for (int i = 0; i < _pairs.Length; i++)
        {
            if (!numbers.TryGetValue(_pairs[i].Key, out int group))
            {
                group = numbers.Count;
                numbers.Add(_pairs[i].Key, group);
            }

            _groups[i] = group;
            _ends[group + 1]++;
        }

        for (int i = 1; i < _ends.Length; i++)
        {
            _ends[i] += _ends[i - 1];
        }

        for (int i = 0; i < _pairs.Length; i++)
        {
            _sorted[_ends[_groups[i]]++] = _pairs[i].Value;
        }

        long keys = numbers.Count;
        numbers.Clear();
        return keys;
    }

    [Benchmark]
    public long GroupByKey()
    {
        var scope = new BatchContext(default, []);
        _chain.StartBatch(scope);
        _chain.Feed(_pairs);
        _chain.EndBatch(scope);
        scope.Release();
        return _sink.Total;
    }
}
