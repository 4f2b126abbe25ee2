using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>
/// The sums of the last batches of 65,536 pairs, whose keys are drawn evenly from 100,000, once a batch, from the
/// batches' own sums: against a dictionary for the batch and one for the window.
/// </summary>
/// <typeparam name="TKey">The key.</typeparam>
[GenericTypeArguments(typeof(long))]
[GenericTypeArguments(typeof(Utf8Text))]
public class ReduceByKeyAndWindowBench<TKey>
    where TKey : notnull
{
    private const int Batches = 8;

    private readonly CountSink<(TKey Key, long Value)> _sink = new();
    private readonly Dictionary<TKey, long> _batchSums = [];
    private readonly Dictionary<TKey, long> _windowSums = [];
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
            pairs => pairs.ReduceByKeyAndWindow((a, b) => a + b, KeepingChain<long>.Interval * Panes), _sink);
        for (int i = 0; i < Panes; i++)
        {
            HandWritten();
            ReduceByKeyAndWindow();
        }
    }

    [GlobalCleanup]
    public void Cleanup() => _chain.Dispose();

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        foreach (ref readonly (TKey Key, long Value) pair in NextBatch())
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_batchSums, pair.Key, out _) += pair.Value;
        }

        CopyOut(_batchSums, _ring.Next(_batchSums.Count));
        for (int age = Panes - 1; age >= 0; age--)
        {
            foreach (ref readonly (TKey Key, long Value) pair in _ring.Kept(age))
            {
                CollectionsMarshal.GetValueRefOrAddDefault(_windowSums, pair.Key, out _) += pair.Value;
            }
        }

        return CopyOut(_windowSums, _output);
    }

    [Benchmark]
    public long ReduceByKeyAndWindow()
    {
        _chain.RunBatch(NextBatch());
        return _sink.Total;
    }

    private static int CopyOut(Dictionary<TKey, long> sums, Span<(TKey Key, long Value)> output)
    {
        int count = 0;
        foreach ((TKey key, long value) in sums)
        {
            output[count++] = (key, value);
        }

        sums.Clear();
        return count;
    }

    private ReadOnlySpan<(TKey Key, long Value)> NextBatch() => _batches[_next++ % Batches];
}
