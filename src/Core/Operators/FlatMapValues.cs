using System.Runtime.CompilerServices;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// For each pair, its key with every value that the function adds; a pair for which it adds nothing is dropped. It
    /// allocates nothing itself. Keys stay in their partitions.
    /// </summary>
    /// <example><code>var letters = titled.FlatMapValues&lt;int, string, char&gt;((word, output) => { foreach (char c
    /// in word) output.Add(c); });</code></example>
    /// <param name="stream">The pairs.</param>
    /// <param name="flatMap">Called once for each pair, with the buffer to add values to; partitions call it at the
    /// same time from different threads. If it throws, the batch fails.</param>
    public static DStream<(TKey Key, TResult Value)> FlatMapValues<TKey, TValue, TResult>(
        this DStream<(TKey Key, TValue Value)> stream, Action<TValue, RecordBuffer<TResult>> flatMap)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(flatMap);
        return new FlatMapValuesStream<TKey, TValue, TResult>(stream, flatMap);
    }

    /// <summary>
    /// For each pair, its key with every value that the function returns; an empty sequence drops the pair. It costs a
    /// sequence object for each pair.
    /// </summary>
    /// <example><code>var words = titled.FlatMapValues(text => text.Split(' '));</code></example>
    /// <param name="stream">The pairs.</param>
    /// <param name="flatMap">Called once for each pair; partitions call it at the same time from different threads.
    /// If it throws or returns null, the batch fails.</param>
    public static DStream<(TKey Key, TResult Value)> FlatMapValues<TKey, TValue, TResult>(
        this DStream<(TKey Key, TValue Value)> stream, Func<TValue, IEnumerable<TResult>> flatMap)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(flatMap);
        return new FlatMapValuesStream<TKey, TValue, TResult>(stream, (value, output) =>
        {
            foreach (TResult result in flatMap(value) ?? throw Throw.NullSequence("FlatMapValues"))
            {
                output.Add(result);
            }
        });
    }
}

internal sealed class FlatMapValuesStream<TKey, TValue, TResult>(DStream<(TKey Key, TValue Value)> parent,
    Action<TValue, RecordBuffer<TResult>> flatMap)
    : DStream<(TKey Key, TResult Value)>(parent.Context, "FlatMapValues", parent), ITolerant<(TKey Key, TResult Value)>
{
    public override IPartitioner<(TKey Key, TResult Value)>? Partitioner => HashPartitioner<TKey, TResult>.Where(parent.IsPartitionedByKey);

    public Type RecordType => typeof((TKey Key, TValue Value));

    public DStream<(TKey Key, TResult Value)> Tolerate() =>
        new TolerantStream<(TKey Key, TValue Value), (TKey Key, TResult Value)>(this, parent, flatMap,
            () => new FlatMapValuesCall<TKey, TValue, TResult>(flatMap).Call);

    protected internal override void Connect(GraphBuilder graph, Operator<(TKey Key, TResult Value)>[] outputs) =>
        graph.Attach(parent, this, partition => LoopSpecializer.Of(flatMap).Create(new Factory(flatMap, outputs[partition])));

    private sealed class Factory(Action<TValue, RecordBuffer<TResult>> flatMap, Operator<(TKey Key, TResult Value)> next)
        : ISpecializedFactory<(TKey Key, TValue Value)>
    {
        public Operator<(TKey Key, TValue Value)> Create<TMarker>()
            where TMarker : struct => new FlatMapValuesOperator<TKey, TValue, TResult, TMarker>(flatMap, next);
    }
}

/// <summary>
/// Lets the function fill a buffer with values, and adds the key to them after each pair or when the buffer is full.
/// </summary>
internal sealed class FlatMapValuesOperator<TKey, TValue, TResult, TMarker> : Operator<(TKey Key, TValue Value), (TKey Key, TResult Value)>
    where TMarker : struct
{
    private readonly Action<TValue, RecordBuffer<TResult>> _flatMap;
    private readonly KeyWriter _writer;
    private readonly RecordBuffer<TResult> _values;

    public FlatMapValuesOperator(Action<TValue, RecordBuffer<TResult>> flatMap, Operator<(TKey Key, TResult Value)> next)
        : base(next)
    {
        _flatMap = flatMap;
        _writer = new KeyWriter(Output);
        _values = new RecordBuffer<TResult>(_writer);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<(TKey Key, TValue Value)> items)
    {
        Action<TValue, RecordBuffer<TResult>> function = _flatMap;
        RecordBuffer<TResult> values = _values;
        foreach (ref readonly (TKey Key, TValue Value) item in items)
        {
            _writer.Key = item.Key;
            function(item.Value, values);
            _writer.OnRecords(values.TakeAdded());
        }

        Output.Flush();
    }

    public override void OnBatchEnd(BatchContext batch)
    {
        _writer.Key = default!;
        _values.Release();
        base.OnBatchEnd(batch);
    }

    public override void Reset(BatchContext batch)
    {
        _writer.Key = default!;
        _values.Clear();
        base.Reset(batch);
    }

    private sealed class KeyWriter(RecordBuffer<(TKey Key, TResult Value)> output) : LastOperator<TResult>
    {
        public TKey Key { get; set; } = default!;

        [MethodImpl(MethodImplOptions.NoInlining)]
        public override void OnRecords(ReadOnlySpan<TResult> items)
        {
            foreach (ref readonly TResult value in items)
            {
                output.Add((Key, value));
            }
        }
    }
}

/// <summary>Calls the function, which may fail, for one pair, and adds its results with the pair's key.</summary>
internal sealed class FlatMapValuesCall<TKey, TValue, TResult>
{
    private readonly Action<TValue, RecordBuffer<TResult>> _flatMap;
    private readonly ResultList<TResult> _results = new();
    private readonly RecordBuffer<TResult> _values;   // in front of _results

    public FlatMapValuesCall(Action<TValue, RecordBuffer<TResult>> flatMap)
    {
        _flatMap = flatMap;
        _values = new RecordBuffer<TResult>(_results);
    }

    public void Call((TKey Key, TValue Value) item, RecordBuffer<(TKey Key, TResult Value)> output)
    {
        try
        {
            _flatMap(item.Value, _values);
            _values.Flush();
            foreach (ref readonly TResult value in _results.Items.Span)
            {
                output.Add((item.Key, value));
            }
        }
        finally
        {
            _values.Clear();
            _results.Items.Clear();
        }
    }
}
