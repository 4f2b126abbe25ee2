namespace FastStream;

/// <summary>
/// Whether an engine may still act on what outlives it, such as the log of batches. Closed once, it lets nobody in;
/// whoever is inside is waited for. Safe from any thread.
/// </summary>
internal sealed class EffectGate
{
    private readonly Lock _lock = new();   // guards the fields below
    private int _inside;
    private bool _isClosed;
    private Action? _whenEmpty;            // since it was closed, until it is empty

    public bool IsClosed
    {
        get
        {
            lock (_lock)
            {
                return _isClosed;
            }
        }
    }

    /// <summary>Goes in, unless it is closed; <see cref="Exit"/> must follow.</summary>
    public bool TryEnter()
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return false;
            }

            _inside++;
            return true;
        }
    }

    public void Exit()
    {
        Action? call = null;
        lock (_lock)
        {
            if (--_inside == 0)
            {
                (call, _whenEmpty) = (_whenEmpty, null);
            }
        }

        call?.Invoke();
    }

    /// <summary>
    /// Lets nobody in any more, and calls back when nobody is inside: at once, or from the last one's exit, should that
    /// ever come.
    /// </summary>
    public void Close(Action whenEmpty)
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return;
            }

            _isClosed = true;
            if (_inside > 0)
            {
                _whenEmpty = whenEmpty;
                return;
            }
        }

        whenEmpty();
    }
}
