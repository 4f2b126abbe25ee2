using System.Diagnostics.CodeAnalysis;

namespace FastStream;

/// <summary>
/// The batches that a window keeps in a partition: the one that ran last, which may still be dropped, and the final
/// ones.
/// </summary>
internal sealed class WindowPanes<T>(WindowSize size)
{
    private long _finalCount;       // batches that were final, ever
    private bool _isNewestEmpty;      // the last final batch, which may be let go of
    private BatchTime _neededAfter;   // windows to come hold only what is after it

    /// <summary>The batch that ran last; null where it is final or was dropped.</summary>
    public WindowPane<T>? Last { get; set; }

    /// <summary>The final batches, oldest first.</summary>
    public Queue<WindowPane<T>> Final { get; } = [];

    /// <summary>Puts the last batch to the final ones; then <see cref="TryLetGo"/> gives those that are not needed any more.</summary>
    public void Accept()
    {
        if (Last is { } last)
        {
            Add(last);
            _neededAfter = size.BeforeNext(last.Time);
            Last = null;
        }
    }

    /// <summary>Puts a batch behind the final ones.</summary>
    public void Add(WindowPane<T> pane)
    {
        pane.Index = _finalCount++;
        _isNewestEmpty = pane.Count == 0;
        Final.Enqueue(pane);
    }

    /// <summary>The first time after another at which a window ends that has records, though no batch follows; null for none.</summary>
    /// <param name="after">The last batch, or a time after it.</param>
    public BatchTime? NextDue(BatchTime after)
    {
        // Where what is before makes records of nothing, batches between windows count too, as long as they bring any.
        if (size.TakesMade && !_isNewestEmpty)
        {
            return size.NextOfParent(after);
        }

        BatchTime next = size.Next(after);
        return Final.Any(pane => pane.Time > size.Before(next) && pane.Count > 0) ? next : null;
    }

    /// <summary>Takes out the oldest batch, if no window to come reaches back to it and it is not added up in one.</summary>
    public bool TryLetGo([MaybeNullWhen(false)] out WindowPane<T> pane) =>
        Final.TryPeek(out pane) && pane.Time <= _neededAfter && !pane.IsCounted && Final.TryDequeue(out pane);

    /// <summary>Drops the batch that ran last.</summary>
    public void DropLast()
    {
        Last?.Dispose();
        Last = null;
    }
}
