namespace FastStream;

/// <summary>A window that keeps its batches as panes: the one that ran last, which may still be dropped, and the final ones.</summary>
/// <typeparam name="TIn">The record taken in.</typeparam>
/// <typeparam name="TItem">What is kept of it.</typeparam>
/// <typeparam name="TOut">The record of a window.</typeparam>
internal abstract class PaneWindowOperator<TIn, TItem, TOut>(WindowSize size, Operator<TOut> next)
    : StatefulOperator<TIn, TOut>(next), IDisposable
{
    private WindowPane<TItem>? _last;   // the batch that ran last; null where it is final or was dropped
    private long _finalCount;           // batches that were final, ever
    private bool _isNewestEmpty;        // the last final batch, which may be let go of
    private BatchTime _neededAfter;     // windows to come hold only what is after it

    /// <summary>Gathers the batch that runs.</summary>
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

    /// <summary>The batches kept, oldest first, as of the last final one. Between batches.</summary>
    public IReadOnlyCollection<WindowPane<TItem>> Saved()
    {
        AcceptPending();
        return Panes;
    }

    /// <summary>Takes in a batch of an earlier run; in time order, before the first batch of this one.</summary>
    public virtual void Restore(WindowPane<TItem> pane) => Keep(pane);

    /// <summary>
    /// The first time after another at which a window ends that has records, though no batch follows; null for none.
    /// Between batches.
    /// </summary>
    /// <param name="after">The last batch, or a time after it.</param>
    public BatchTime? NextDue(BatchTime after)
    {
        AcceptPending();

        // Where what is before makes records of nothing, batches between windows count too, as long as they bring any.
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

    /// <summary>Puts out the window of the batches after a time, up to the last one.</summary>
    protected abstract void Emit(BatchContext batch, WindowPane<TItem> last, BatchTime before);

    /// <summary>The last batch is final: what was kept for undoing it is not needed.</summary>
    protected virtual void AcceptValues()
    {
    }

    /// <summary>The last batch is dropped: what is known beside the panes is again as it was before it.</summary>
    protected virtual void UndoValues()
    {
    }

    /// <summary>No window to come reaches back to a batch.</summary>
    protected virtual void Leave(WindowPane<TItem> pane) => Forget(pane);

    /// <summary>A batch is let go of, by itself or with the window.</summary>
    protected virtual void Forget(WindowPane<TItem> pane)
    {
    }

    // What follows begins a batch where a window is due.
    protected sealed override void PassStart(BatchContext batch)
    {
        if (size.IsDue(batch.Time))
        {
            base.PassStart(batch);
        }
    }

    // Takes the last batch over, and lets go of those that no window to come reaches back to and that are not added up in one.
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

    // Behind the final ones.
    private void Keep(WindowPane<TItem> pane)
    {
        pane.Index = _finalCount++;
        _isNewestEmpty = pane.Count == 0;
        Panes.Enqueue(pane);
    }
}
