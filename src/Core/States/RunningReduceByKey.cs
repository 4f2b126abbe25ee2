namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// For each key of the batch, all values that it ever had, reduced to one: those of the batch are reduced first, and
    /// the result then with the key's state. Keys without values in the batch cost nothing; only
    /// <see cref="MapWithStateStream{TKey, TState, TMapped}.StateSnapshots"/> emits them.
    /// </summary>
    /// <remarks>
    /// Use this operator for a fold: <c>UpdateStateByKey</c> visits all keys in each batch, and <c>MapWithState</c>
    /// calls its function for each record. Like those of <c>MapWithState</c>, states are saved in checkpoints, are kept
    /// in a store if there is one, and are undone with a batch that fails. (Spark has no such operator; Flink's
    /// <c>reduce</c> on a keyed stream emits every step.)
    /// </remarks>
    /// <example><code>var bytesEver = sizeByUser.RunningReduceByKey((a, b) => a + b);</code></example>
    /// <param name="stream">The pairs.</param>
    /// <param name="reduce">Makes one value of two; associative. Partitions call it at the same time from different
    /// threads. If it throws, the batch fails, and all states are as before it.</param>
    /// <param name="initialState">Initial values. If a key occurs twice, the last value counts.</param>
    /// <param name="partitions">Partitions of the result, 1 to 1024; default the context's.</param>
    /// <exception cref="ArgumentException">Keys or values hold groups, or texts in classes or arrays, which end with
    /// their batch.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="partitions"/> is out of its range.</exception>
    public static MapWithStateStream<TKey, TValue, (TKey Key, TValue Value)> RunningReduceByKey<TKey, TValue>(
        this DStream<(TKey Key, TValue Value)> stream,
        Func<TValue, TValue, TValue> reduce,
        IEnumerable<(TKey Key, TValue Value)>? initialState = null,
        int? partitions = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(reduce);
        int count = stream.PartitionsOr(partitions);
        var spec = new StateSpec<TKey, TValue, TValue, (TKey Key, TValue Value)>(reduce, (_, key, value, state) =>
        {
            TValue next = state.Exists ? reduce(state.Value, value.Value) : value.Value;
            state.Update(next);
            return (key, next);
        })
        {
            OperatorName = "RunningReduceByKey",
        };
        return stream.ReduceByKey(reduce, count).MapWithState(spec.InitialState(initialState ?? []).NumPartitions(count));
    }
}
