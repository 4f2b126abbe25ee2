namespace FastStream.Runtime;

/// <summary>
/// Marks the flow of code that a context started and for which its stop waits: a batch with its operators and outputs,
/// the inputs, the stop itself. A stop requested inside this flow must not wait for its own caller.
/// </summary>
/// <remarks>The mark flows with the caller across <c>await</c>, tasks and threads. Safe from any thread.</remarks>
internal sealed class OwnWork
{
    private static readonly AsyncLocal<OwnWork?> _current = new();

    private readonly StreamingContext _context;
    private readonly OwnWork? _outer;     // work of another context that contains this work
    private volatile bool _isOver;

    public OwnWork(StreamingContext context)
    {
        _context = context;
        _outer = _current.Value is { _isOver: false } outer ? outer : null;
    }

    /// <summary>
    /// Whether nothing waits for the work any more; code that it started and left running is then no longer part of it.
    /// </summary>
    public bool IsOver
    {
        get => _isOver;
        set => _isOver = value;
    }

    /// <summary>Whether the caller is part of the context's work, for which its stop would wait.</summary>
    public static bool IsIn(StreamingContext context)
    {
        for (OwnWork? work = _current.Value; work is not null; work = work._outer)
        {
            if (!work._isOver && ReferenceEquals(work._context, context))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Marks the caller as part of this work until the calling async method returns. Returns the caller's previous
    /// mark.
    /// </summary>
    public OwnWork? Enter()
    {
        OwnWork? before = _current.Value;
        _current.Value = this;
        return before;
    }

    /// <summary>Restores the mark that <see cref="Enter"/> returned, for methods that are not async.</summary>
    public static void Leave(OwnWork? before) => _current.Value = before;
}
