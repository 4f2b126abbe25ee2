namespace FastStream;

/// <summary>
/// A window that keeps its batches as panes: the one that ran last, which may still be undone, and the final ones.
/// </summary>
/// <typeparam name="TIn">The input record.</typeparam>
/// <typeparam name="TItem">What is kept of an input record.</typeparam>
/// <typeparam name="TOut">The record of a window.</typeparam>
internal abstract class PaneWindowOperator<TIn, TItem, TOut>(WindowSize size, Operator<TOut> next)
    : StatefulOperator<TIn, TOut>(next), IDisposable
{
    private WindowPane<TItem>? _last;   // the batch that ran last; null if it is final or was dropped
    private long _finalCount;           // number of batches that have become final
    private bool _isNewestEmpty;        // whether the newest final batch has no records
    private BatchTime _neededAfter;     // later windows hold only batches after this time

    /// <summary>Collects the batch that runs.</summary>
    protected PaneCollector<TItem> Gathering { get; } = new(size.Depth);

    /// <summary>The final batches, oldest first.</summary>
    protected Queue<WindowPane<TItem>> Panes { get; } = [];

    public sealed override void OnBatchEnd(BatchContext batch)
    {
        _last = Gathering.TakePane(batch);
        if (size.IsDue(batch.Time))
        {
            Emit(batch, _last, size.Before(batch.Time));
            base.OnBatchEnd(batch);
        }
    }

    /// <summary>The kept batches, oldest first, as of the last final one. Call it between batches.</summary>
    public IReadOnlyCollection<WindowPane<TItem>> Saved()
    {
        AcceptPending();
        return Panes;
    }

    /// <summary>Adds a batch of an earlier run; in time order, before the first batch of this run.</summary>
    public virtual void Restore(WindowPane<TItem> pane) => Keep(pane);

    /// <summary>
    /// The first time after another at which a window with records ends even if no batch follows; null for none. Call
    /// it between batches.
    /// </summary>
    /// <param name="after">The last batch, or a time after it.</param>
    public BatchTime? NextDue(BatchTime after)
    {
        AcceptPending();

        // If an upstream stream makes records without input, batches between windows count too, as long as they bring any.
        if (size.TakesMade && !_isNewestEmpty)
        {
            return size.NextOfParent(after);
        }

        BatchTime end = size.Next(after);
        return Panes.Any(pane => pane.Time > size.Before(end) && pane.Count > 0) ? end : null;
    }

    public virtual void Dispose()
    {
        while (Panes.TryDequeue(out WindowPane<TItem>? pane))
        {
            Forget(pane);
            pane.Dispose();
        }
    }

    /// <summary>Emits the window of the batches after a time, up to the last one.</summary>
    protected abstract void Emit(BatchContext batch, WindowPane<TItem> last, BatchTime before);

    /// <summary>Drops what was kept for undoing the last batch, which is final now.</summary>
    protected virtual void AcceptValues()
    {
    }

    /// <summary>Restores everything but the panes to the state before the last batch, which is dropped.</summary>
    protected virtual void UndoValues()
    {
    }

    /// <summary>Called when no later window reaches back to a batch.</summary>
    protected virtual void Leave(WindowPane<TItem> pane) => Forget(pane);

    /// <summary>Called when a batch is released, by itself or with the window.</summary>
    protected virtual void Forget(WindowPane<TItem> pane)
    {
    }

    // Downstream operators begin a batch only when a window is due.
    protected sealed override void PassStart(BatchContext batch)
    {
        if (size.IsDue(batch.Time))
        {
            base.PassStart(batch);
        }
    }

    // Makes the last batch final, and releases the batches that no later window reaches back to and that no window has
    // added up.
    protected sealed override void Accept()
    {
        if (_last is { } last)
        {
            Keep(last);
            _neededAfter = size.BeforeNext(last.Time);
            _last = null;
        }

        AcceptValues();
        while (Panes.TryPeek(out WindowPane<TItem>? pane) && pane.Time <= _neededAfter && !pane.IsCounted)
        {
            Panes.Dequeue();
            Leave(pane);
            pane.Dispose();
        }
    }

    protected sealed override void Undo()
    {
        UndoValues();
        _last?.Dispose();
        _last = null;
        Gathering.Reset();
    }

    // Adds the batch after the other final ones.
    private void Keep(WindowPane<TItem> pane)
    {
        pane.Index = _finalCount++;
        _isNewestEmpty = pane.Count == 0;
        Panes.Enqueue(pane);
    }
}
