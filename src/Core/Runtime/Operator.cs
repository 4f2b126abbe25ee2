namespace FastStream.Runtime;

/// <summary>
/// One step of a running chain, for one partition. It is called a span at a time, never a record at a time:
/// one virtual call for each operator and span (docs/decisions/0001-batch-operators.md has the numbers).
/// </summary>
/// <remarks>
/// An operator belongs to one partition and is called by one thread at a time; it needs no locks. Spans and what is in
/// them are the caller's: copy what must outlive the call. Timely-dataflow's containers are the model.
/// </remarks>
/// <typeparam name="T">The record taken in.</typeparam>
public abstract class Operator<T>
{
    /// <summary>
    /// A batch begins for this operator: pass it on. Before the batch's first span; where a window before is not due,
    /// neither this nor an end is called.
    /// </summary>
    public abstract void OnBatchStart(BatchContext batch);

    /// <summary>
    /// Takes a span of records of the current batch. Spans are not empty and hold at most
    /// <see cref="RecordBuffer.SpanRecords"/> records.
    /// </summary>
    public abstract void OnRecords(ReadOnlySpan<T> items);

    /// <summary>The batch is complete for this operator: emit what was gathered, forget it, and pass the end on.</summary>
    public abstract void OnBatchEnd(BatchContext batch);

    /// <summary>
    /// The batch failed somewhere, maybe before it began here: forget its half-done work, as if it had never begun, and
    /// pass this on.
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

/// <summary>An operator at the end of a chain: nothing follows that a start, an end or a reset would be passed on to.</summary>
/// <typeparam name="T">The record taken in.</typeparam>
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

/// <summary>An operator that hands its records to one next operator; by itself it passes starts, ends and resets on.</summary>
/// <typeparam name="TIn">The record taken in.</typeparam>
/// <typeparam name="TOut">The record handed on.</typeparam>
public abstract class Operator<TIn, TOut> : Operator<TIn>
{
    /// <summary>Makes an operator in front of <paramref name="next"/>.</summary>
    protected Operator(Operator<TOut> next)
    {
        ArgumentNullException.ThrowIfNull(next);
        Next = next;
        Output = new RecordBuffer<TOut>(next);
    }

    /// <summary>What takes this operator's records.</summary>
    protected Operator<TOut> Next { get; }

    /// <summary>A pooled buffer for the records handed on; empty between calls unless the operator leaves some in it on purpose.</summary>
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
