namespace FastStream;

/// <summary>The states of one stream while <see cref="QueryableStates.ReadAsync"/> reads: those after one batch.</summary>
/// <remarks>Valid until the function that it was given to returns; for one thread.</remarks>
public abstract class StateView
{
    private protected StateView(StateInfo info, StateViews owner)
    {
        Info = info;
        Owner = owner;
    }

    /// <summary>Name and types.</summary>
    public StateInfo Info { get; }

    /// <summary>Number of keys that have a state. Takes a walk over the store where states are in one.</summary>
    public abstract long Count { get; }

    /// <summary>
    /// Calls back for each key that has a state, in no order; for tools that do not know the types. Texts in them are
    /// valid during the call: make strings of those that are to stay.
    /// </summary>
    public abstract void VisitObjects(Action<object?, object?> visit);

    internal StateViews Owner { get; }
}

/// <summary>The states of one stream, by their types.</summary>
/// <typeparam name="TKey">The key.</typeparam>
/// <typeparam name="TState">What is kept for a key.</typeparam>
public sealed class StateView<TKey, TState> : StateView
{
    private readonly ReadableStates<TKey, TState> _states;

    internal StateView(ReadableStates<TKey, TState> states, StateViews owner)
        : base(states.Info, owner) => _states = states;

    /// <inheritdoc/>
    public override long Count
    {
        get
        {
            Owner.ThrowIfOver();
            return _states.Partitions.Sum(partition => partition.CountStates());
        }
    }

    /// <summary>
    /// A key's state; none where it has none. A text in it is valid until the next call: make a string of one that is
    /// to stay.
    /// </summary>
    public Optional<TState> Find(TKey key)
    {
        Owner.ThrowIfOver();
        return _states.OwnerOf(key).FindState(key);
    }

    /// <summary>
    /// Calls back for each key that has a state, in no order. Texts in them are valid during the call: make strings of
    /// those that are to stay.
    /// </summary>
    public void Visit(Action<TKey, TState> visit)
    {
        ArgumentNullException.ThrowIfNull(visit);
        Owner.BeginVisit();
        try
        {
            foreach (IReadableStates<TKey, TState> partition in _states.Partitions)
            {
                partition.VisitStates(visit);
            }
        }
        finally
        {
            Owner.EndVisit();
        }
    }

    /// <inheritdoc/>
    public override void VisitObjects(Action<object?, object?> visit)
    {
        ArgumentNullException.ThrowIfNull(visit);
        Visit((key, state) => visit(key, state));
    }
}

/// <summary>What states of keys are called, and their types.</summary>
/// <param name="Name">The name of the stream that keeps them: the one given by <c>Named</c>, else operator and number,
/// such as <c>MapWithState 3</c>.</param>
/// <param name="KeyType">The key.</param>
/// <param name="StateType">What is kept for a key.</param>
/// <param name="Partitions">Partitions that they are kept in.</param>
public sealed record StateInfo(string Name, Type KeyType, Type StateType, int Partitions);
