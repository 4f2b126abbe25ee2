using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>
/// The numbers of 65,536 keys, drawn evenly from those that a table keeps over batches, against a dictionary: look-ups
/// only.
/// </summary>
public class KeyedTableBench
{
    private const int Batches = 8;

    private readonly Dictionary<long, int> _dictionary = [];
    private readonly KeyedTable<long, (long State, long Time, long Links)> _table = new();
    private readonly PooledList<int> _added = new();
    private readonly int[] _numbers = new int[RecordBuffer.SpanRecords];
    private long[][] _batches = [];
    private int _next;

    [Params(1_000, 100_000, 1_000_000, 4_000_000)]
    public int Keys { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _batches = [.. Records.EvenKeys(Batches * Records.BatchRecords, Keys).Chunk(Records.BatchRecords)];
        for (long key = 0; key < Keys; key++)
        {
            _dictionary.Add(key, (int)key);
            _table.GetOrAdd(KeyHash.Of(in key), in key, out _);
        }
    }

    [GlobalCleanup]
    public void Cleanup() => _table.Dispose();

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        long sum = 0;
        foreach (long key in _batches[_next++ % Batches])
        {
            sum += _dictionary[key];
        }

        return sum;
    }

    [Benchmark]
    public long Locate()
    {
        long sum = 0;
        long[] batch = _batches[_next++ % Batches];
        for (int start = 0; start < batch.Length; start += RecordBuffer.SpanRecords)
        {
            ReadOnlySpan<long> keys = batch.AsSpan(start, Math.Min(RecordBuffer.SpanRecords, batch.Length - start));
            _table.Locate<long, WholeKey<long>>(keys, _numbers, _added);
            sum += _numbers[0];
        }

        return sum;
    }
}
