using System.Runtime.CompilerServices;

namespace FastStream;

public static partial class DStreamOperators
{
    private const string Expected =
        "Expected is a stream made by Map, Filter, FlatMap, MapValues, FlatMapValues, KeyBy, MapWithState or "
        + "UpdateStateByKey: they call a function for single records or keys.";

    /// <summary>
    /// Sets what the operator does with records for which its function throws. Without this call they fail their batch.
    /// </summary>
    /// <remarks>
    /// Returns a new stream: call it directly after the operator, and continue with what it returns. Results that the
    /// function gave for the record before it threw are dropped. Under <see cref="RecordErrorPolicy.Drop"/> a key of
    /// <c>UpdateStateByKey</c> keeps the state that it had, and its values of the batch are dropped. Errors that are
    /// not of one record (memory, stack) still fail the batch. The operator is a little slower than one without the
    /// call (docs/tuning.md).
    /// </remarks>
    /// <example><code>var sizes = lines.Map(line => int.Parse(line.ToString())).OnError(RecordErrorPolicy.Drop);</code></example>
    /// <param name="stream">The operator's stream.</param>
    /// <param name="policy">What the operator does with such records.</param>
    /// <exception cref="ArgumentException">The operator of the stream does not call a function for single
    /// records.</exception>
    public static DStream<T> OnError<T>(this DStream<T> stream, RecordErrorPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!Enum.IsDefined(policy))
        {
            throw Throw.OutOfRange(nameof(policy), policy, "one of the named policies is expected");
        }

        return policy == RecordErrorPolicy.Fail ? stream : Tolerant(stream).Tolerate();
    }

    /// <summary>
    /// Sends the records for which the operator's function throws to a stream of their own, the dead letters, instead
    /// of failing the batch.
    /// </summary>
    /// <remarks>
    /// As <see cref="OnError{T}(DStream{T}, RecordErrorPolicy)"/> with <see cref="RecordErrorPolicy.Drop"/>; in
    /// addition, <paramref name="failed"/> emits the dropped records, in the same batch.
    /// </remarks>
    /// <example><code>
    /// var sizes = lines.Map(line => int.Parse(line.ToString())).OnError(out DStream&lt;FailedRecord&lt;Utf8Text&gt;&gt; failed);
    /// failed.SaveAsFiles("dead-letters/sizes", new JsonLinesFormat&lt;FailedRecord&lt;Utf8Text&gt;&gt;());
    /// </code></example>
    /// <typeparam name="TIn">The operator's input record; for keyed operators, the pair. The declaration of
    /// <paramref name="failed"/> gives it.</typeparam>
    /// <typeparam name="TOut">The operator's output record.</typeparam>
    /// <param name="stream">The operator's stream.</param>
    /// <param name="failed">The dropped records, each with operator, error and batch time.</param>
    /// <exception cref="ArgumentException">
    /// The operator of the stream does not call a function for single records, or <typeparamref name="TIn"/> is not the
    /// operator's input record.
    /// </exception>
    public static DStream<TOut> OnError<TIn, TOut>(this DStream<TOut> stream, out DStream<FailedRecord<TIn>> failed)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ITolerant<TOut> tolerant = Tolerant(stream);
        if (tolerant.RecordType != typeof(TIn))
        {
            throw new ArgumentException(
                $"The dead letters were declared as records of {typeof(TIn)}, and {stream.Name} takes in records of "
                    + $"{tolerant.RecordType}. Declare them as DStream<FailedRecord<T>> with that type.", nameof(failed));
        }

        DStream<TOut> result = tolerant.Tolerate();
        failed = new FailedRecordsStream<TIn, TOut>(result, (IHasRecordErrors<TIn>)result);
        return result;
    }

    /// <inheritdoc cref="OnError{T}(DStream{T}, RecordErrorPolicy)"/>
    public static MapWithStateStream<TKey, TState, TMapped> OnError<TKey, TState, TMapped>(
        this MapWithStateStream<TKey, TState, TMapped> stream, RecordErrorPolicy policy) =>
        (MapWithStateStream<TKey, TState, TMapped>)OnError((DStream<TMapped>)stream, policy);

    /// <inheritdoc cref="OnError{TIn, TOut}(DStream{TOut}, out DStream{FailedRecord{TIn}})"/>
    public static MapWithStateStream<TKey, TState, TMapped> OnError<TKey, TValue, TState, TMapped>(
        this MapWithStateStream<TKey, TState, TMapped> stream, out DStream<FailedRecord<(TKey Key, TValue Value)>> failed) =>
        (MapWithStateStream<TKey, TState, TMapped>)OnError((DStream<TMapped>)stream, out failed);

    private static ITolerant<T> Tolerant<T>(DStream<T> stream) =>
        stream switch
        {
            { IsTolerant: true } =>
                throw new ArgumentException($"{stream.Name} has an error policy already; leave one of the calls of OnError out.",
                    nameof(stream)),
            ITolerant<T> tolerant => tolerant,
            _ => throw new ArgumentException(
                $"OnError was called on {stream.Name}, whose operator cannot tell which record is at fault. {Expected}", nameof(stream)),
        };
}

/// <summary>
/// The stream of an operator that calls a function for each record, changed so that it continues without the records
/// for which the function throws.
/// </summary>
/// <param name="original">The stream as first described; never connected.</param>
/// <param name="parent">Its parent.</param>
/// <param name="function">The user's function, for which the operator's loop is specialized.</param>
/// <param name="createCall">Makes the delegate that calls the function for a record and adds its results; one for each
/// partition.</param>
internal sealed class TolerantStream<TIn, TOut>(
    DStream<TOut> original, DStream<TIn> parent, Delegate function, Func<Action<TIn, RecordBuffer<TOut>>> createCall)
    : DStream<TOut>(parent.Context, original.OperatorName, parent), IHasRecordErrors<TIn>
{
    internal override bool IsTolerant => true;

    internal override DStream? Original => original;

    public override bool IsPartitionedByKey => original.IsPartitionedByKey;

    public override IPartitioner<TOut>? Partitioner => original.Partitioner;

    public override bool HasUniqueKeys => original.HasUniqueKeys;

    public RecordErrors<TIn> Errors(GraphBuilder graph, int partition) => graph.Shared(this, partition, () => new RecordErrors<TIn>(Name));

    protected internal override void Connect(GraphBuilder graph, Operator<TOut>[] outputs) =>
        graph.Attach(parent, this,
            partition => LoopSpecializer.Of(function).Create(new Factory(createCall(), Errors(graph, partition), outputs[partition])));

    private sealed class Factory(Action<TIn, RecordBuffer<TOut>> call, RecordErrors<TIn> errors, Operator<TOut> next)
        : ISpecializedFactory<TIn>
    {
        public Operator<TIn> Create<TMarker>()
            where TMarker : struct => new TolerantOperator<TIn, TOut, TMarker>(call, errors, next);
    }
}

/// <summary>Collects a span's results, so that it can remove those of a record that fails, and then forwards them.</summary>
internal sealed class TolerantOperator<TIn, TOut, TMarker> : Operator<TIn, TOut>
    where TMarker : struct
{
    private readonly Action<TIn, RecordBuffer<TOut>> _call;
    private readonly RecordErrors<TIn> _errors;
    private readonly ResultList<TOut> _results = new();
    private readonly RecordBuffer<TOut> _adding;   // in front of _results

    public TolerantOperator(Action<TIn, RecordBuffer<TOut>> call, RecordErrors<TIn> errors, Operator<TOut> next)
        : base(next)
    {
        _call = call;
        _errors = errors;
        _adding = new RecordBuffer<TOut>(_results);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<TIn> items)
    {
        Action<TIn, RecordBuffer<TOut>> function = _call;
        RecordBuffer<TOut> adding = _adding;
        int done = 0;   // results of the records that succeeded
        foreach (ref readonly TIn item in items)
        {
            try
            {
                function(item, adding);
                done = _results.Items.Count + adding.AddedCount;
            }
            catch (Exception error) when (RecordErrors<TIn>.Takes(error))
            {
                TakeBack(done);
                _errors.Add(item, error);
            }
        }

        Forward();
    }

    public override void OnBatchEnd(BatchContext batch)
    {
        _adding.Release();
        base.OnBatchEnd(batch);
        _errors.EndBatch(batch);
    }

    public override void Reset(BatchContext batch)
    {
        _errors.Clear();
        _results.Items.Clear();
        _adding.Clear();
        base.Reset(batch);
    }

    private void TakeBack(int done)
    {
        if (_results.Items.Count > done)
        {
            _results.Items.Truncate(done);
            _adding.AddedCount = 0;
        }
        else
        {
            _adding.AddedCount = done - _results.Items.Count;
        }
    }

    // Usually the results fit into the buffer, and are forwarded from there.
    private void Forward()
    {
        if (_results.Items.Count == 0)
        {
            Output.Write(_adding.TakeAdded());
            return;
        }

        _adding.Flush();
        Output.Write(_results.Items.Span);
        _results.Items.Clear();
    }
}

/// <summary>Receives what does not fit into the buffer in front of it.</summary>
internal sealed class ResultList<T> : LastOperator<T>
{
    public PooledList<T> Items { get; } = new();

    public override void OnRecords(ReadOnlySpan<T> items) => Items.AddRange(items);
}
