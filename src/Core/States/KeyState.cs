namespace FastStream;

/// <summary>What <c>MapWithState</c> keeps for each key: its type, and how long it stays. The stream says the rest.</summary>
public static class KeyState
{
    /// <summary>A state of a type, which stays until the function removes it.</summary>
    /// <example><code>
    /// var running = sizeByUser.MapWithState(KeyState.Of&lt;long&gt;().Timeout(TimeSpan.FromMinutes(30)), (key, value, state) =>
    /// {
    ///     if (!state.IsTimingOut) state.Update(state.GetValueOrDefault() + value.Value);
    ///     return (key, state.GetValueOrDefault());
    /// });
    /// </code></example>
    /// <typeparam name="TState">What is kept for a key.</typeparam>
    public static KeyState<TState> Of<TState>() => new(null);
}

/// <summary>What <c>MapWithState</c> keeps for each key. Immutable: each setting gives a new one.</summary>
/// <typeparam name="TState">What is kept for a key.</typeparam>
public sealed class KeyState<TState>
{
    internal KeyState(TimeSpan? idleTime) => IdleTime = idleTime;

    internal TimeSpan? IdleTime { get; }

    /// <summary>
    /// Removes the state of a key for which no record has come for longer than this. The function is called once more
    /// for it, with <see cref="State{TState}.IsTimingOut"/> and without a value: see
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
