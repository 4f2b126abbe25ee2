namespace FastStream;

/// <summary>All states of keys of a context after one batch, while <see cref="QueryableStates.ReadAsync"/> reads.</summary>
/// <remarks>Valid until the function that it was given to returns; for one thread.</remarks>
public sealed class StateViews
{
    private readonly IReadOnlyList<ReadableStates> _states;
    private bool _isOver;        // the answer is there, and batches run
    private bool _isVisiting;    // a store is being walked over: nothing else may be asked

    internal StateViews(BatchTime time, IReadOnlyList<ReadableStates> states)
    {
        Time = time;
        _states = states;
    }

    /// <summary>
    /// The last batch that ran: all states are those after it, without what a failed batch would have changed. Zero
    /// time before the first one.
    /// </summary>
    public BatchTime Time { get; }

    /// <summary>What there is.</summary>
    public IReadOnlyList<StateInfo> All => [.. _states.Select(states => states.Info)];

    /// <summary>The states of a name, for tools that do not know the types.</summary>
    /// <exception cref="KeyNotFoundException">There are none of that name; the message has those that there are.</exception>
    public StateView this[string name] => Named(name).View(this);

    /// <summary>The states of a name, by their types.</summary>
    /// <typeparam name="TKey">The key.</typeparam>
    /// <typeparam name="TState">What is kept for a key.</typeparam>
    /// <exception cref="KeyNotFoundException">There are none of that name; the message has those that there are.</exception>
    /// <exception cref="ArgumentException">They have other types; the message has these.</exception>
    public StateView<TKey, TState> Of<TKey, TState>(string name) => this[name] as StateView<TKey, TState>
        ?? throw new ArgumentException(
            $"The states \"{name}\" are {Named(name).Info.StateType} by {Named(name).Info.KeyType}; "
                + $"{typeof(TState)} by {typeof(TKey)} was asked for. Ask by the types of the stream.", nameof(name));

    internal void ThrowIfOver()
    {
        if (_isOver)
        {
            throw new ObjectDisposedException(nameof(StateViews),
                "States are read between two batches, inside of the function that ReadAsync calls. Make there what "
                + "is to stay, and return it.");
        }

        if (_isVisiting)
        {
            throw new InvalidOperationException(
                "A visit of states is under way, and a store answers one question at a time. Ask when the visit is over.");
        }
    }

    internal void BeginVisit()
    {
        ThrowIfOver();
        _isVisiting = true;
    }

    internal void EndVisit() => _isVisiting = false;

    internal void End() => _isOver = true;

    private ReadableStates Named(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        ThrowIfOver();
        ReadableStates[] found = [.. _states.Where(states => states.Name == name)];
        return found.Length > 0
            ? found[0]
            : throw new KeyNotFoundException(
                $"No states are named \"{name}\"; there are: "
                    + $"{string.Join(", ", _states.Select(states => states.Name).DefaultIfEmpty("none"))}. Name the "
                    + $"stream that keeps them by Named(\"{name}\").");
    }
}
