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
/// <para>
/// One that overrides <see cref="Schema"/>, <see cref="Save"/> and <see cref="Restore"/> is in checkpoints:
/// <see cref="GraphBuilder.Attach{T}(DStream{T}, DStream, Func{int, Operator{T}})"/> sees to it. A keyed one writes by key
/// group, so that the
/// program may go on with another number of partitions; its parent must be partitioned by that key (<see cref="DStream{T}.Partitioner"/>).
/// </para>
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

    /// <summary>
    /// How <see cref="Save"/> writes, in words that change when that does, such as <c>counts by user, 1</c>; by itself null,
    /// and then it is not in checkpoints: after a restart it begins anew. What was
    /// saved with another schema is refused at a start.
    /// </summary>
    protected virtual string? Schema => null;

    /// <summary>
    /// Whether what it keeps belongs to keys: then <see cref="Save"/> writes to <see cref="KeyGroupWriter.GroupOf"/> each key.
    /// By itself true. Where it is false, each partition's share is saved as a whole, and
    /// one partition may be given several shares when there are fewer than before.
    /// </summary>
    protected virtual bool IsKeyed => true;

    /// <summary>Writes what it keeps. Between batches, by one thread, after <see cref="Accept"/>; must not change it.</summary>
    /// <param name="groups">Where to.</param>
    protected virtual void Save(KeyGroupWriter groups) =>
        throw new NotSupportedException($"{GetType().Name} has a Schema and no Save. Override Save and Restore too.");

    /// <summary>
    /// Takes in what was written for one key group, or as one partition's share; not called where nothing was. Before the first
    /// batch, and once for each group that the partition owns now.
    /// </summary>
    /// <param name="saved">As <see cref="Save"/> wrote it; valid during the call. Copy texts that lie in it.</param>
    protected virtual void Restore(ReadOnlySpan<byte> saved) =>
        throw new NotSupportedException($"{GetType().Name} has a Schema and no Restore. Override Save and Restore too.");

    string? IStateful.Schema => Schema;

    bool IStateful.IsKeyed => IsKeyed;

    void IStateful.Save(KeyGroupWriter groups) => Save(groups);

    void IStateful.Restore(ReadOnlySpan<byte> saved) => Restore(saved);

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
    string? Schema { get; }

    bool IsKeyed { get; }

    void AcceptPending();

    void Save(KeyGroupWriter groups);

    void Restore(ReadOnlySpan<byte> saved);
}
