namespace FastStream.Runtime;

/// <summary>
/// Marks the flow of code that a context has begun and that its stop waits for: a batch with its operators and outputs,
/// the inputs, the stop itself. A stop that is asked for inside of it must not wait for its own caller.
/// </summary>
/// <remarks>Flows with the caller over <c>await</c>, tasks and threads. Safe from any thread.</remarks>
internal sealed class OwnWork
{
    private static readonly AsyncLocal<OwnWork?> _current = new();

    private readonly StreamingContext _context;
    private readonly OwnWork? _outer;     // work of another context, inside of which this one runs
    private volatile bool _isOver;

    public OwnWork(StreamingContext context)
    {
        _context = context;
        _outer = _current.Value is { _isOver: false } outer ? outer : null;
    }

    /// <summary>Whether nobody waits for it any more; what it has begun and left running is then code like any other.</summary>
    public bool IsOver
    {
        get => _isOver;
        set => _isOver = value;
    }

    /// <summary>Whether the caller is in work of the context that its stop would wait for.</summary>
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

    /// <summary>The caller is in the work from now on, until the async method that called returns. Gives what it was in before.</summary>
    public OwnWork? Enter()
    {
        OwnWork? before = _current.Value;
        _current.Value = this;
        return before;
    }

    /// <summary>For methods that are not async: the caller is again in what <see cref="Enter"/> gave.</summary>
    public static void Leave(OwnWork? before) => _current.Value = before;
}
