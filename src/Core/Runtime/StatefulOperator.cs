namespace FastStream.Runtime;

/// <summary>
/// An operator that keeps something over batches. What a batch changes is pending until the next one begins: then it
/// counts for good. Until then the batch may run again, or be given up, as if it had never begun.
/// </summary>
/// <remarks>
/// <code>
/// OnBatchStart   accepts what the batch before has left pending
/// OnRecords …      changes are held apart, or can be undone
/// OnBatchEnd
/// Reset          undoes the batch, if it is the one that is pending
/// </code>
/// Whoever reads what is kept between two batches, such as a checkpoint, calls <see cref="AcceptPending"/> before: the
/// last batch is final then. Where a window before it is not due, an operator sees nothing of a batch, and a reset of
/// that batch undoes nothing here. As <see cref="Operator{T}"/> it belongs to one partition.
/// </remarks>
/// <typeparam name="TIn">The record taken in.</typeparam>
/// <typeparam name="TOut">The record handed on.</typeparam>
/// <param name="next">What takes this operator's records.</param>
public abstract class StatefulOperator<TIn, TOut>(Operator<TOut> next) : Operator<TIn, TOut>(next), IStateful
{
    private BatchTime? _pending;   // the batch that has begun, and was not accepted or undone

    /// <inheritdoc/>
    public sealed override void OnBatchStart(BatchContext batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        AcceptPending();
        _pending = batch.Time;
        PassStart(batch);
    }

    /// <inheritdoc/>
    public sealed override void Reset(BatchContext batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (_pending == batch.Time)
        {
            _pending = null;
            Undo();
        }

        base.Reset(batch);
    }

    /// <summary>The last batch counts for good. Between batches, when it is known not to run again.</summary>
    public void AcceptPending()
    {
        if (_pending is not null)
        {
            _pending = null;
            Accept();
        }
    }

    /// <summary>The batch begins for what follows. A window that is not due does without it.</summary>
    protected virtual void PassStart(BatchContext batch) => Next.OnBatchStart(batch);

    /// <summary>What the last batch changed counts for good; what was kept for undoing it is not needed.</summary>
    protected abstract void Accept();

    /// <summary>What is kept is again as it was before the batch, wherever in it the failure was.</summary>
    protected abstract void Undo();
}

/// <summary>A <see cref="StatefulOperator{TIn, TOut}"/> whose records nobody asks for.</summary>
internal interface IStateful
{
    void AcceptPending();
}
