namespace FastStream;

/// <summary>
/// The state of one key, as a function of <c>MapWithState</c> reads and changes it. Valid during the call only: the
/// same object serves the next key.
/// </summary>
/// <remarks>The counterpart of Spark's class of the same name. Not thread safe.</remarks>
/// <typeparam name="TState">The state.</typeparam>
public sealed class State<TState>
{
    private TState _value = default!;

    /// <summary>Whether the key has a state now: true after an update, false after a removal.</summary>
    public bool Exists { get; private set; }

    /// <summary>
    /// Whether this is the last call for the key: no record has come for longer than the time-out, and the state is
    /// removed after the call. The call has no value then.
    /// </summary>
    public bool IsTimingOut { get; private set; }

    /// <summary>The state.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public TState Value =>
        Exists ? _value : throw new InvalidOperationException("The key has no state. Ask Exists first, or use GetValueOrDefault.");

    /// <summary>The state if there is one.</summary>
    public Optional<TState> Option => Exists ? new Optional<TState>(_value) : Optional<TState>.None;

    internal bool IsUpdated { get; private set; }

    internal bool IsRemoved { get; private set; }

    /// <summary>The state, or the type's default if there is none.</summary>
    public TState? GetValueOrDefault() => Exists ? _value : default;

    /// <summary>Sets the state of the key.</summary>
    /// <exception cref="InvalidOperationException">The state was removed in this call, or is timing out.</exception>
    public void Update(TState value)
    {
        ThrowIfEnding("Update");
        _value = value;
        Exists = true;
        IsUpdated = true;
    }

    /// <summary>Removes the state; does nothing if there is none.</summary>
    /// <exception cref="InvalidOperationException">The state was removed in this call already, or is timing out.</exception>
    public void Remove()
    {
        ThrowIfEnding("Remove");
        _value = default!;
        Exists = false;
        IsUpdated = false;
        IsRemoved = true;
    }

    internal void Bind(TState value, bool exists, bool isTimingOut)
    {
        _value = value;
        Exists = exists;
        IsTimingOut = isTimingOut;
        IsUpdated = false;
        IsRemoved = false;
    }

    internal void Unbind() => Bind(default!, exists: false, isTimingOut: false);

    private void ThrowIfEnding(string action)
    {
        if (IsRemoved)
        {
            throw new InvalidOperationException(
                $"{action} is not possible: the state was removed in this call. Decide first, then update or remove once.");
        }

        if (IsTimingOut)
        {
            throw new InvalidOperationException(
                $"{action} is not possible: the state is timing out, and is removed after this call. Ask IsTimingOut first.");
        }
    }
}
