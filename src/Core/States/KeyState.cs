namespace FastStream;

/// <summary>
/// What <c>MapWithState</c> keeps for each key: the state's type, and how long it stays. The stream gives the rest.
/// </summary>
public static class KeyState
{
    /// <summary>A state of a type; it stays until the function removes it.</summary>
    /// <example><code>
    /// var running = sizeByUser.MapWithState(KeyState.Of&lt;long&gt;().Timeout(TimeSpan.FromMinutes(30)), (key, value, state) =>
    /// {
    ///     if (!state.IsTimingOut) state.Update(state.GetValueOrDefault() + value.Value);
    ///     return (key, state.GetValueOrDefault());
    /// });
    /// </code></example>
    /// <typeparam name="TState">The state of a key.</typeparam>
    public static KeyState<TState> Of<TState>() => new(null);
}

/// <summary>What <c>MapWithState</c> keeps for each key. Immutable: each setting returns a new one.</summary>
/// <typeparam name="TState">The state of a key.</typeparam>
public sealed class KeyState<TState>
{
    internal KeyState(TimeSpan? idleTime) => IdleTime = idleTime;

    internal TimeSpan? IdleTime { get; }

    /// <summary>
    /// Removes the state of a key that has had no record for longer than this. The function is then called once more
    /// for the key, with <see cref="State{TState}.IsTimingOut"/> and without a value: see
    /// <see cref="StateSpec{TKey, TValue, TState, TMapped}.Timeout"/>.
    /// </summary>
    /// <param name="idle">Not negative; in batch time. Default: states stay.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="idle"/> is negative.</exception>
    public KeyState<TState> Timeout(TimeSpan idle) => idle >= TimeSpan.Zero
        ? new(idle)
        : throw Throw.OutOfRange(nameof(idle), idle,
            "a time-out that is not negative is expected; leave the call out for states that stay");

    internal StateSpec<TKey, TValue, TState, TMapped> With<TKey, TValue, TMapped>(
        StateSpec<TKey, TValue, TState, TMapped> function, IEnumerable<(TKey Key, TState State)>? initialState, int? partitions)
    {
        StateSpec<TKey, TValue, TState, TMapped> spec = IdleTime is { } idle ? function.Timeout(idle) : function;
        spec = initialState is null ? spec : spec.InitialState(initialState);
        return partitions is { } count ? spec.NumPartitions(count) : spec;
    }
}
