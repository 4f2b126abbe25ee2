namespace FastStream;

/// <summary>How <c>MapWithState</c> keeps its states: the function, the initial states, the time-out.</summary>
/// <example><code>
/// var spec = StateSpec.Function&lt;string, long, long, (string, long)&gt;((key, value, state) =>
/// {
///     long sum = state.GetValueOrDefault() + value.GetValueOrDefault();
///     state.Update(sum);
///     return (key, sum);
/// });
/// </code></example>
public static class StateSpec
{
    /// <summary>
    /// A spec with a function that returns one record for each call, also for the last call of a key that times out.
    /// </summary>
    /// <param name="function">Receives the key, its value (absent in a call for a time-out) and its state. Partitions
    /// call it at the same time from different threads.</param>
    public static StateSpec<TKey, TValue, TState, TMapped> Function<TKey, TValue, TState, TMapped>(
        Func<TKey, Optional<TValue>, State<TState>, TMapped> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new StateSpec<TKey, TValue, TState, TMapped>(function,
            (_, key, value, state) => new Optional<TMapped>(function(key, value, state)));
    }

    /// <summary>A spec with a function that also receives the batch's time, and returns a record or none.</summary>
    /// <param name="function">Receives the batch's time, the key, its value (absent in a call for a time-out) and its
    /// state. Partitions call it at the same time from different threads.</param>
    public static StateSpec<TKey, TValue, TState, TMapped> Function<TKey, TValue, TState, TMapped>(
        Func<BatchTime, TKey, Optional<TValue>, State<TState>, Optional<TMapped>> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new StateSpec<TKey, TValue, TState, TMapped>(function, function);
    }
}

/// <summary>How <c>MapWithState</c> keeps its states. Immutable: each setting returns a new one.</summary>
/// <typeparam name="TKey">The key.</typeparam>
/// <typeparam name="TValue">The value that comes with a key.</typeparam>
/// <typeparam name="TState">The state of a key.</typeparam>
/// <typeparam name="TMapped">What the function returns.</typeparam>
public sealed class StateSpec<TKey, TValue, TState, TMapped>
{
    internal StateSpec(Delegate userFunction, Func<BatchTime, TKey, Optional<TValue>, State<TState>, Optional<TMapped>> call)
    {
        UserFunction = userFunction;
        Call = call;
    }

    private StateSpec(StateSpec<TKey, TValue, TState, TMapped> other)
        : this(other.UserFunction, other.Call)
    {
        IdleTime = other.IdleTime;
        Initial = other.Initial;
        Partitions = other.Partitions;
        OperatorName = other.OperatorName;
    }

    internal Delegate UserFunction { get; }

    /// <summary>The operator name of the stream.</summary>
    internal string OperatorName { get; init; } = "MapWithState";

    internal Func<BatchTime, TKey, Optional<TValue>, State<TState>, Optional<TMapped>> Call { get; }

    internal TimeSpan? IdleTime { get; private init; }

    internal IEnumerable<(TKey Key, TState State)> Initial { get; private init; } = [];

    internal int? Partitions { get; private init; }

    /// <summary>
    /// Removes the state of a key that has had no record for longer than this: in the first batch whose time minus
    /// <paramref name="idle"/> is after the key's last batch, the function is called once more, with
    /// <see cref="State{TState}.IsTimingOut"/> and without a value. (Spark checks only in every tenth batch.)
    /// </summary>
    /// <param name="idle">Not negative; in batch time. Default: states stay.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="idle"/> is negative.</exception>
    public StateSpec<TKey, TValue, TState, TMapped> Timeout(TimeSpan idle)
    {
        if (idle < TimeSpan.Zero)
        {
            throw Throw.OutOfRange(nameof(idle), idle,
                "a time-out that is not negative is expected; leave the call out for states that stay");
        }

        return new(this) { IdleTime = idle };
    }

    /// <summary>
    /// Sets the initial states, as if last touched by the first batch. If a key occurs twice, the last state counts.
    /// The context reads them when it starts.
    /// </summary>
    public StateSpec<TKey, TValue, TState, TMapped> InitialState(IEnumerable<(TKey Key, TState State)> states)
    {
        ArgumentNullException.ThrowIfNull(states);
        return new(this) { Initial = states };
    }

    /// <summary>
    /// Sets the number of partitions that hold the states, 1 to 1024; default the context's. <c>MapWithState</c>
    /// refuses a number out of range.
    /// </summary>
    public StateSpec<TKey, TValue, TState, TMapped> NumPartitions(int partitions) => new(this) { Partitions = partitions };
}
