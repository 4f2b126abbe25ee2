using System.Diagnostics;
using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>
/// A table that is empty at first and gets two million keys, a span's worth at a time, against a dictionary. Each gives
/// the nanoseconds of its slowest span, which are what a batch waits for while a table grows.
/// </summary>
public class KeyedTableGrowthBench
{
    private const int Keys = 2_000_000;

    private readonly long[] _keys = Records.Numbers(Keys);

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        var dictionary = new Dictionary<long, (long State, long Time, long Links)>();
        return SlowestSpan(keys =>
        {
            foreach (long key in keys)
            {
                dictionary[key] = default;
            }
        });
    }

    [Benchmark]
    public long Grow()
    {
        using var table = new KeyedTable<long, (long State, long Time, long Links)>();
        return SlowestSpan(keys =>
        {
            foreach (long key in keys)
            {
                table.GetOrAdd(KeyHash.Of(in key), in key, out _);
            }
        });
    }

    private long SlowestSpan(SpanAction add)
    {
        TimeSpan slowest = default;
        for (int start = 0; start < Keys; start += RecordBuffer.SpanRecords)
        {
            long before = Stopwatch.GetTimestamp();
            add(_keys.AsSpan(start, Math.Min(RecordBuffer.SpanRecords, Keys - start)));
            TimeSpan took = Stopwatch.GetElapsedTime(before);
            slowest = took > slowest ? took : slowest;
        }

        return (long)slowest.TotalNanoseconds;
    }

    private delegate void SpanAction(ReadOnlySpan<long> keys);
}
