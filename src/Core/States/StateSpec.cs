namespace FastStream;

/// <summary>How <c>MapWithState</c> keeps its states: the function, the states to begin with, the time-out.</summary>
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
    /// <summary>A function that gives one record for each call, also for the last one of a key that times out.</summary>
    /// <param name="function">Gets the key, its value (absent in a call for a time-out) and its state. Partitions call
    /// it at the same time from different threads.</param>
    public static StateSpec<TKey, TValue, TState, TMapped> Function<TKey, TValue, TState, TMapped>(
        Func<TKey, Optional<TValue>, State<TState>, TMapped> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new StateSpec<TKey, TValue, TState, TMapped>(function,
            (_, key, value, state) => new Optional<TMapped>(function(key, value, state)));
    }

    /// <summary>A function that also takes the batch's time, and gives a record or none.</summary>
    /// <param name="function">Gets the batch's time, the key, its value (absent in a call for a time-out) and its
    /// state. Partitions call it at the same time from different threads.</param>
    public static StateSpec<TKey, TValue, TState, TMapped> Function<TKey, TValue, TState, TMapped>(
        Func<BatchTime, TKey, Optional<TValue>, State<TState>, Optional<TMapped>> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new StateSpec<TKey, TValue, TState, TMapped>(function, function);
    }
}

/// <summary>How <c>MapWithState</c> keeps its states. Immutable: each setting gives a new one.</summary>
/// <typeparam name="TKey">The key.</typeparam>
/// <typeparam name="TValue">The value that comes with a key.</typeparam>
/// <typeparam name="TState">What is kept for a key.</typeparam>
/// <typeparam name="TMapped">What the function gives.</typeparam>
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

    /// <summary>What the stream is called.</summary>
    internal string OperatorName { get; init; } = "MapWithState";

    internal Func<BatchTime, TKey, Optional<TValue>, State<TState>, Optional<TMapped>> Call { get; }

    internal TimeSpan? IdleTime { get; private init; }

    internal IEnumerable<(TKey Key, TState State)> Initial { get; private init; } = [];

    internal int? Partitions { get; private init; }

    /// <summary>
    /// Removes the state of a key for which no record has come for longer than this: in the first batch at t whose t −
    /// idle is after the key's last batch, the function is called once more, with
    /// <see cref="State{TState}.IsTimingOut"/> and without a value. (Spark looks only in every tenth batch.)
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
    /// States to begin with, as if last touched by the first batch. Of a key that comes twice the last one counts. Read
    /// when the context starts.
    /// </summary>
    public StateSpec<TKey, TValue, TState, TMapped> InitialState(IEnumerable<(TKey Key, TState State)> states)
    {
        ArgumentNullException.ThrowIfNull(states);
        return new(this) { Initial = states };
    }

    /// <summary>
    /// Partitions that the states are kept in, 1 to 1024; default the context's. Out of range is refused by
    /// <c>MapWithState</c>.
    /// </summary>
    public StateSpec<TKey, TValue, TState, TMapped> NumPartitions(int partitions) => new(this) { Partitions = partitions };
}
