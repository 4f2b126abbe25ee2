using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>
/// As <see cref="ReduceByKeyAndWindowBench{TKey}"/> with an inverse function: against one dictionary of sums and
/// counts, to which the pairs of a batch are added, and from which those of the batch that leaves are taken.
/// </summary>
/// <typeparam name="TKey">The key.</typeparam>
[GenericTypeArguments(typeof(long))]
[GenericTypeArguments(typeof(Utf8Text))]
public class InvertibleWindowBench<TKey>
    where TKey : notnull
{
    private const int Batches = 8;

    private readonly CountSink<(TKey Key, long Value)> _sink = new();
    private readonly Dictionary<TKey, (long Sum, int Count)> _sums = [];
    private readonly (TKey Key, long Value)[] _output = new (TKey Key, long Value)[100_000];
    private (TKey Key, long Value)[][] _batches = [];
    private BatchRing<(TKey Key, long Value)> _ring = null!;
    private KeepingChain<(TKey Key, long Value)> _chain = null!;
    private int _next;

    [Params(10, 60)]
    public int Panes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _batches = Records.EvenPairBatches<TKey>(Batches, 100_000);
        _ring = new BatchRing<(TKey Key, long Value)>(Panes, Records.BatchRecords);
        _chain = KeepingChain<(TKey Key, long Value)>.Of(
            pairs => pairs.ReduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, KeepingChain<long>.Interval * Panes), _sink);
        for (int i = 0; i < Panes; i++)
        {
            HandWritten();
            InvertibleWindow();
        }
    }

    [GlobalCleanup]
    public void Cleanup() => _chain.Dispose();

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        foreach (ref readonly (TKey Key, long Value) pair in _ring.Oldest)
        {
            ref (long Sum, int Count) entry = ref CollectionsMarshal.GetValueRefOrNullRef(_sums, pair.Key);
            entry.Sum -= pair.Value;
            if (--entry.Count == 0)
            {
                _sums.Remove(pair.Key);
            }
        }

        ReadOnlySpan<(TKey Key, long Value)> batch = _batches[_next++ % Batches];
        batch.CopyTo(_ring.Next(batch.Length));
        foreach (ref readonly (TKey Key, long Value) pair in batch)
        {
            ref (long Sum, int Count) entry = ref CollectionsMarshal.GetValueRefOrAddDefault(_sums, pair.Key, out _);
            entry.Sum += pair.Value;
            entry.Count++;
        }

        int count = 0;
        foreach ((TKey key, (long sum, _)) in _sums)
        {
            _output[count++] = (key, sum);
        }

        return count;
    }

    [Benchmark]
    public long InvertibleWindow()
    {
        _chain.RunBatch(_batches[_next++ % Batches]);
        return _sink.Total;
    }
}
