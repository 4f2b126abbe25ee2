namespace FastStream.Runtime;

/// <summary>
/// One step of a running chain, for one partition. Its callers pass spans, never single records: one virtual call for
/// each operator and span (docs/decisions/0001-batch-operators.md has the numbers).
/// </summary>
/// <remarks>
/// An operator belongs to one partition and is called by one thread at a time; it needs no locks. Spans and their
/// contents belong to the caller: copy what must outlive the call. The model is timely-dataflow's containers.
/// </remarks>
/// <typeparam name="T">The input record.</typeparam>
public abstract class Operator<T>
{
    /// <summary>
    /// Begins a batch; pass the call on. Called before the batch's first span. Where an upstream window is not due,
    /// neither the start nor the end of the batch is called.
    /// </summary>
    public abstract void OnBatchStart(BatchContext batch);

    /// <summary>
    /// Takes a span of records of the current batch. Spans are not empty and hold at most
    /// <see cref="RecordBuffer.SpanRecords"/> records.
    /// </summary>
    public abstract void OnRecords(ReadOnlySpan<T> items);

    /// <summary>Ends a batch: emit what was gathered, clear it, and pass the call on.</summary>
    public abstract void OnBatchEnd(BatchContext batch);

    /// <summary>
    /// The batch failed somewhere, maybe before it began here: discard its partial work, as if it had never begun, and
    /// pass the call on.
    /// </summary>
    public abstract void Reset(BatchContext batch);

    /// <summary>Takes any number of records, in spans of the right size.</summary>
    internal void OnManyRecords(ReadOnlySpan<T> items)
    {
        while (!items.IsEmpty)
        {
            int taken = Math.Min(items.Length, RecordBuffer.SpanRecords);
            OnRecords(items[..taken]);
            items = items[taken..];
        }
    }
}

/// <summary>An operator at the end of a chain: there is no next operator to pass a start, an end or a reset to.</summary>
/// <typeparam name="T">The input record.</typeparam>
public abstract class LastOperator<T> : Operator<T>
{
    /// <inheritdoc/>
    public override void OnBatchStart(BatchContext batch)
    {
    }

    /// <inheritdoc/>
    public override void OnBatchEnd(BatchContext batch)
    {
    }

    /// <inheritdoc/>
    public override void Reset(BatchContext batch)
    {
    }
}

/// <summary>
/// An operator that pushes its records to one next operator; by default it passes starts, ends and resets on.
/// </summary>
/// <typeparam name="TIn">The input record.</typeparam>
/// <typeparam name="TOut">The output record.</typeparam>
public abstract class Operator<TIn, TOut> : Operator<TIn>
{
    /// <summary>Makes an operator in front of <paramref name="next"/>.</summary>
    protected Operator(Operator<TOut> next)
    {
        ArgumentNullException.ThrowIfNull(next);
        Next = next;
        Output = new RecordBuffer<TOut>(next);
    }

    /// <summary>The operator that takes this operator's records.</summary>
    protected Operator<TOut> Next { get; }

    /// <summary>
    /// A pooled buffer for the output records; empty between calls unless the operator leaves some in it on purpose.
    /// </summary>
    protected RecordBuffer<TOut> Output { get; }

    /// <inheritdoc/>
    public override void OnBatchStart(BatchContext batch) => Next.OnBatchStart(batch);

    /// <inheritdoc/>
    public override void OnBatchEnd(BatchContext batch)
    {
        Output.Flush();
        Output.Release();
        Next.OnBatchEnd(batch);
    }

    /// <inheritdoc/>
    public override void Reset(BatchContext batch)
    {
        Output.Clear();
        Next.Reset(batch);
    }
}
