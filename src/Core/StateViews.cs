namespace FastStream;

/// <summary>All keyed states of a context as of one batch, while <see cref="QueryableStates.ReadAsync"/> reads.</summary>
/// <remarks>Valid until the function that received it returns; for one thread.</remarks>
public sealed class StateViews
{
    private readonly IReadOnlyList<ReadableStates> _states;
    private bool _isOver;        // the answer is complete, and batches run again
    private bool _isVisiting;    // a store is being scanned: it answers nothing else

    internal StateViews(BatchTime time, IReadOnlyList<ReadableStates> states)
    {
        Time = time;
        _states = states;
    }

    /// <summary>
    /// The last batch that ran: all states are as of its end, without the changes of a failed batch. Zero time before
    /// the first batch.
    /// </summary>
    public BatchTime Time { get; }

    /// <summary>The names and types of all states.</summary>
    public IReadOnlyList<StateInfo> All => [.. _states.Select(states => states.Info)];

    /// <summary>The states with a name, for tools that do not know the types.</summary>
    /// <exception cref="KeyNotFoundException">No states have that name; the message lists the names.</exception>
    public StateView this[string name] => Named(name).View(this);

    /// <summary>The states with a name, with their types.</summary>
    /// <typeparam name="TKey">The key.</typeparam>
    /// <typeparam name="TState">The state of a key.</typeparam>
    /// <exception cref="KeyNotFoundException">No states have that name; the message lists the names.</exception>
    /// <exception cref="ArgumentException">The states have other types; the message names them.</exception>
    public StateView<TKey, TState> Of<TKey, TState>(string name) => this[name] as StateView<TKey, TState>
        ?? throw new ArgumentException(
            $"The states \"{name}\" are {Named(name).Info.StateType} by {Named(name).Info.KeyType}; "
                + $"{typeof(TState)} by {typeof(TKey)} was asked for. Ask by the types of the stream.", nameof(name));

    internal void ThrowIfOver()
    {
        if (_isOver)
        {
            throw new ObjectDisposedException(nameof(StateViews),
                "States are read between two batches, inside the function that ReadAsync calls. Copy there what "
                + "you need, and return it.");
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
