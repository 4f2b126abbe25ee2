namespace FastStream;

/// <summary>
/// Decides whether an engine may still change what outlives it, such as the log of batches. Once closed, it admits no
/// more callers, and waits for those inside. Safe from any thread.
/// </summary>
internal sealed class EffectGate
{
    private readonly Lock _lock = new();   // guards the fields below
    private int _inside;
    private bool _isClosed;
    private Action? _whenEmpty;            // set from the close until the gate is empty

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

    /// <summary>Enters, unless the gate is closed; <see cref="Exit"/> must follow.</summary>
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
    /// Closes the gate, and calls back when no caller is inside: at once, or from the last caller's exit, if that ever
    /// happens.
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
