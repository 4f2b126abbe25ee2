namespace FastStream;

/// <summary>
/// One batch of a partition as windows keep it: the records in pooled arrays, and the memory that their texts lie in.
/// </summary>
/// <remarks>
/// The window holds the pane as long as the pane is in it; so does each batch that received the pane's records. Reading
/// and holding are safe from any thread.
/// </remarks>
internal sealed class WindowPane<T> : IDisposable
{
    private readonly ArenaLease? _texts;     // copies of the records' texts
    // the batch itself, if records hold its memory in a way that cannot be copied, or that only a look into them has shown
    private readonly BatchContext? _context;
    private readonly int _depth;            // number of windows upstream of the pane's window
    private int _holders = 1;

    public WindowPane(BatchTime time, RecordBlocks<T> records, ArenaLease? texts, BatchContext? context, int depth)
    {
        Time = time;
        Records = records;
        _texts = texts;
        _context = context;
        _depth = depth;
        context?.RetainForWindow(depth);
    }

    public BatchTime Time { get; }

    /// <summary>Number of records.</summary>
    public int Count => Records.Count;

    /// <summary>The number of the final batch in its window, counted from the first.</summary>
    public long Index { get; set; }

    /// <summary>Whether an incremental window has the pane in its sums.</summary>
    public bool IsCounted { get; set; }

    /// <summary>The records, in the order in which they came.</summary>
    public RecordBlocks<T> Records { get; }

    /// <summary>Keeps the records valid as long as a batch that reads them.</summary>
    public void HoldFor(BatchContext batch)
    {
        if (_context is not null)
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
            _context?.ReleaseForWindow(_depth);
        }
    }
}

/// <summary>Collects a batch's records for a window, with copies of their texts.</summary>
/// <param name="depth">Number of windows upstream of the one that collects.</param>
/// <param name="memory">Where the copies are made, if several collectors share it; only one of them runs at a time.</param>
internal sealed class PaneCollector<T>(int depth, TextArena? memory = null)
{
    private RecordBlocks<T> _records = new();
    private readonly TextArena _memory = memory ?? new TextArena();
    private readonly HiddenTextFinder? _finder = HiddenTexts<T>.NewFinder(takesUnseen: true);   // null if no text can be hidden
    private T[]? _copies;        // records of a span with copied texts
    private ArenaLease? _texts;   // of the batch being collected
    private bool _hidesText;     // whether a hidden text was found in that batch

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
    public WindowPane<T> TakePane(BatchTime time) => TakePane(time, context: null);

    private WindowPane<T> TakePane(BatchTime time, BatchContext? context)
    {
        _records.Seal();
        var pane = new WindowPane<T>(time, _records, _texts, context, depth);
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
