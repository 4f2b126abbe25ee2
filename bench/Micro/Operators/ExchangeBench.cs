using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>
/// One batch of pairs brought to the partitions of their keys, or dealt out in turn, and counted, through a running
/// context with two partitions; against a loop that shares them out between two arrays.
/// </summary>
public class ExchangeBench
{
    private readonly KeySalt _salt = KeySalt.Of(new StreamingOptions());
    private readonly (long Key, long Value)[][] _targets = [new (long, long)[Records.BatchRecords], new (long, long)[Records.BatchRecords]];
    private (long Key, long Value)[] _pairs = [];
    private RunningContext<(long Key, long Value)> _byKey = null!;
    private RunningContext<(long Key, long Value)> _inTurn = null!;

    [GlobalSetup]
    public void Setup()
    {
        _pairs = Records.Pairs(Records.Numbers(Records.BatchRecords));
        _byKey = RunningContext<(long Key, long Value)>.Start(pairs => pairs.PartitionBy().Count());
        _inTurn = RunningContext<(long Key, long Value)>.Start(pairs => pairs.Repartition(2).Count());
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _byKey.Dispose();
        _inTurn.Dispose();
    }

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        Span<int> counts = [0, 0];
        KeySalt salt = _salt;
        foreach (ref readonly (long Key, long Value) pair in _pairs.AsSpan())
        {
            int target = KeyGroups.PartitionOf(PartitionHash.Of(in pair.Key, in salt), 2);
            _targets[target][counts[target]++] = pair;
        }

        return counts[0];
    }

    [Benchmark]
    public long PartitionBy() => _byKey.RunBatch(_pairs);

    [Benchmark]
    public long Repartition() => _inTurn.RunBatch(_pairs);
}
