namespace FastStream;

/// <summary>One batch of a partition as windows keep it: the records in pooled arrays, and what their texts lie in.</summary>
/// <remarks>
/// Held by the window as long as it is in it, and by each batch that was handed its records. Reading and holding are
/// safe from any thread.
/// </remarks>
internal sealed class WindowPane<T> : IDisposable
{
    private readonly ArenaLease? _texts;     // copies of the records' texts
    // the batch itself, where records hold its memory in a way that cannot be copied, or that only looking into them
    // has shown
    private readonly BatchContext? _scope;
    private readonly int _depth;            // windows before the one that the pane is in
    private int _holders = 1;

    public WindowPane(BatchTime time, RecordBlocks<T> records, ArenaLease? texts, BatchContext? scope, int depth)
    {
        Time = time;
        Records = records;
        _texts = texts;
        _scope = scope;
        _depth = depth;
        scope?.RetainForWindow(depth);
    }

    public BatchTime Time { get; }

    /// <summary>Number of records.</summary>
    public int Count => Records.Count;

    /// <summary>The number of the final batch in a keyed window, counted from the first.</summary>
    public long Index { get; set; }

    /// <summary>Whether the pane is part of what an incremental window has added up.</summary>
    public bool IsCounted { get; set; }

    /// <summary>The records, in the order in which they came.</summary>
    public RecordBlocks<T> Records { get; }

    /// <summary>Lets a batch read the records as long as it lives.</summary>
    public void HoldFor(BatchContext batch)
    {
        if (_scope is not null)
        {
            Interlocked.Increment(ref _holders);
            batch.KeepFromWindow(_depth, this);
        }
        else if (_texts is not null)
        {
            Interlocked.Increment(ref _holders);
            batch.Keep(this);
        }
    }

    public void Dispose()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            Records.Dispose();
            _texts?.Dispose();
            _scope?.ReleaseForWindow(_depth);
        }
    }
}

/// <summary>Gathers a batch's records for a window, with copies of their texts.</summary>
/// <param name="depth">Windows before the one that gathers.</param>
/// <param name="memory">Where the copies are made, if that is shared with others; each collector's user is alone with it.</param>
internal sealed class PaneCollector<T>(int depth, TextArena? memory = null)
{
    private RecordBlocks<T> _records = new();
    private readonly TextArena _memory = memory ?? new TextArena();
    private readonly HiddenTextFinder? _finder = HiddenTexts<T>.NewFinder(takesUnseen: true);   // null where no text can be hidden
    private T[]? _copies;        // records of a span with copied texts
    private ArenaLease? _texts;   // of the batch being gathered
    private bool _hidesText;     // one was found in the batch being gathered

    public void Add(ReadOnlySpan<T> items)
    {
        if (RecordTexts<T>.Any)
        {
            Span<T> copies = (_copies ??= new T[RecordBuffer.SpanRecords]).AsSpan(0, items.Length);
            items.CopyTo(copies);
            RecordTexts<T>.Copy(copies, _memory, _texts ??= new ArenaLease());
            items = copies;
        }

        if (_finder is not null && !_hidesText)
        {
            _hidesText = _finder.AreIn(items);
        }

        _records.Add(items);
    }

    public WindowPane<T> TakePane(BatchContext batch) =>
        TakePane(batch.Time, RecordTexts<T>.Unreachable is not null || _hidesText ? batch : null);

    /// <summary>Takes a batch of an earlier run, whose records hold no memory but that of their texts.</summary>
    public WindowPane<T> TakePane(BatchTime time) => TakePane(time, scope: null);

    private WindowPane<T> TakePane(BatchTime time, BatchContext? scope)
    {
        _records.Seal();
        var pane = new WindowPane<T>(time, _records, _texts, scope, depth);
        _records = new();
        _texts = null;
        _hidesText = false;
        return pane;
    }

    public void Reset()
    {
        _records.Dispose();
        _texts?.Dispose();
        _texts = null;
        _hidesText = false;
    }
}
