namespace FastStream;

/// <summary>The states of one stream as of one batch, while <see cref="QueryableStates.ReadAsync"/> reads.</summary>
/// <remarks>Valid until the function that received it returns; for one thread.</remarks>
public abstract class StateView
{
    private protected StateView(StateInfo info, StateViews owner)
    {
        Info = info;
        Owner = owner;
    }

    /// <summary>The name and the types of the states.</summary>
    public StateInfo Info { get; }

    /// <summary>Number of keys that have a state. States in a store cost a scan of the store.</summary>
    public abstract long Count { get; }

    /// <summary>
    /// Calls <paramref name="visit"/> for each key that has a state, in no order; for tools that do not know the types.
    /// Texts in keys and states are valid during the call: make strings of those that you keep.
    /// </summary>
    public abstract void VisitObjects(Action<object?, object?> visit);

    internal StateViews Owner { get; }
}

/// <summary>The states of one stream, with their types.</summary>
/// <typeparam name="TKey">The key.</typeparam>
/// <typeparam name="TState">The state of a key.</typeparam>
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
    /// A key's state, or none. A text in it is valid until the next call: make a string of one that you keep.
    /// </summary>
    public Optional<TState> Find(TKey key)
    {
        Owner.ThrowIfOver();
        return _states.OwnerOf(key).FindState(key);
    }

    /// <summary>
    /// Calls <paramref name="visit"/> for each key that has a state, in no order. Texts in keys and states are valid
    /// during the call: make strings of those that you keep.
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

/// <summary>The name and the types of the keyed states of one stream.</summary>
/// <param name="Name">The name of the stream that keeps them: the one given by <c>Named</c>, or else the operator's
/// name and the stream's number, such as <c>MapWithState 3</c>.</param>
/// <param name="KeyType">The key.</param>
/// <param name="StateType">The state of a key.</param>
/// <param name="Partitions">Number of partitions that hold them.</param>
public sealed record StateInfo(string Name, Type KeyType, Type StateType, int Partitions);
