namespace FastStream.Runtime;

/// <summary>
/// An operator that keeps state from batch to batch. The changes of a batch are pending until the next batch begins;
/// then they are final. Until then the batch may run again, or be given up, as if it had never begun.
/// </summary>
/// <remarks>
/// <code>
/// OnBatchStart   accepts the pending changes of the batch before
/// OnRecords …      changes are kept apart, or can be undone
/// OnBatchEnd
/// Reset          undoes the batch, if its changes are pending
/// </code>
/// A reader of the state between two batches, such as a checkpoint, first calls <see cref="AcceptPending"/>: the last
/// batch is final then. Where an upstream window is not due, the operator does not see the batch, and a reset of that
/// batch undoes nothing here. As <see cref="Operator{T}"/> it belongs to one partition.
/// <para>
/// Checkpoints include the state of an operator that overrides <see cref="Schema"/>, <see cref="Save"/> and
/// <see cref="Restore"/>; <see cref="GraphBuilder.Attach{T}(DStream{T}, DStream, Func{int, Operator{T}})"/> registers
/// it. A keyed operator writes by key group, so that the program may continue with another number of partitions; its
/// parent must be partitioned by that key (<see cref="DStream{T}.Partitioner"/>).
/// </para>
/// </remarks>
/// <typeparam name="TIn">The input record.</typeparam>
/// <typeparam name="TOut">The output record.</typeparam>
/// <param name="next">The operator that takes this operator's records.</param>
public abstract class StatefulOperator<TIn, TOut>(Operator<TOut> next) : Operator<TIn, TOut>(next), IStateful
{
    private BatchTime? _pending;   // the batch that has begun and is neither accepted nor undone

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

    /// <summary>
    /// Makes the changes of the last batch final. Call it between batches, once the batch will not run again.
    /// </summary>
    public void AcceptPending()
    {
        if (_pending is not null)
        {
            _pending = null;
            Accept();
        }
    }

    /// <summary>
    /// Describes the format of <see cref="Save"/>, in a text that changes when the format does, such as <c>counts by
    /// user, 1</c>. By default null: the state is not in checkpoints, and a restart begins without it. A start refuses
    /// state saved with another schema.
    /// </summary>
    protected virtual string? Schema => null;

    /// <summary>
    /// Whether the state belongs to keys: then <see cref="Save"/> writes each key to
    /// <see cref="KeyGroupWriter.GroupOf"/>. By default true. Where it is false, each partition's state is saved as a
    /// whole, and one partition may be given the state of several when there are fewer partitions than before.
    /// </summary>
    protected virtual bool IsKeyed => true;

    /// <summary>
    /// Writes the state. Called between batches, by one thread, after <see cref="Accept"/>; must not change the state.
    /// </summary>
    /// <param name="groups">Takes the bytes.</param>
    protected virtual void Save(KeyGroupWriter groups) =>
        throw new NotSupportedException($"{GetType().Name} has a Schema and no Save. Override Save and Restore too.");

    /// <summary>
    /// Restores the state that was saved for one key group, or for one whole partition; not called where nothing was
    /// saved. Called before the first batch, once for each group that the partition owns now.
    /// </summary>
    /// <param name="saved">
    /// The bytes that <see cref="Save"/> wrote; valid during the call. Copy texts that point into them.
    /// </param>
    protected virtual void Restore(ReadOnlySpan<byte> saved) =>
        throw new NotSupportedException($"{GetType().Name} has a Schema and no Restore. Override Save and Restore too.");

    string? IStateful.Schema => Schema;

    bool IStateful.IsKeyed => IsKeyed;

    void IStateful.Save(KeyGroupWriter groups) => Save(groups);

    void IStateful.Restore(ReadOnlySpan<byte> saved) => Restore(saved);

    /// <summary>Starts the batch downstream. A window that is not due does not call this.</summary>
    protected virtual void PassStart(BatchContext batch) => Next.OnBatchStart(batch);

    /// <summary>Makes the changes of the last batch final and discards its undo log.</summary>
    protected abstract void Accept();

    /// <summary>Restores the state from before the batch, wherever in the batch the failure was.</summary>
    protected abstract void Undo();
}

/// <summary>A <see cref="StatefulOperator{TIn, TOut}"/> without its record types.</summary>
internal interface IStateful
{
    string? Schema { get; }

    bool IsKeyed { get; }

    void AcceptPending();

    void Save(KeyGroupWriter groups);

    void Restore(ReadOnlySpan<byte> saved);
}
