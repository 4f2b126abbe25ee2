using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;

namespace FastStream.Bench.Micro;

/// <summary>Zipf records counted by value, against a dictionary and a loop.</summary>
/// <typeparam name="T">The record.</typeparam>
[GenericTypeArguments(typeof(long))]
[GenericTypeArguments(typeof(Utf8Text))]
public class CountByValueBench<T>
    where T : notnull
{
    private readonly CountSink<(T Key, long Value)> _sink = new();
    private readonly Dictionary<T, long> _counts = [];
    private T[] _records = [];
    private ChainInput<T> _chain = null!;

    [GlobalSetup]
    public void Setup()
    {
        _records = Records.ZipfKeys<T>();
        _chain = Chain.Of((DStream<T> records) => records.CountByValue(), _sink);
    }

    [Benchmark(Baseline = true)]
    public long HandWritten()
    {
        Dictionary<T, long> counts = _counts;
        foreach (T record in _records)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(counts, record, out _)++;
        }

        long different = counts.Count;
        counts.Clear();
        return different;
    }

    [Benchmark]
    public long CountByValue()
    {
        _chain.RunBatch(_records);
        return _sink.Total;
    }
}
