namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// For each key of the batch, the value of all that ever came with it: reduced in the batch first, then with the
    /// key's state. Keys without values in the batch cost nothing and come out only by
    /// <see cref="MapWithStateStream{TKey, TState, TMapped}.StateSnapshots"/>.
    /// </summary>
    /// <remarks>
    /// For a fold this is the operator to take: <c>UpdateStateByKey</c> visits all keys in each batch, and
    /// <c>MapWithState</c> calls its function for each record. States survive, lie in a store where there is one, and
    /// are undone with a batch that fails, as those of <c>MapWithState</c>. (Spark has no such operator; Flink's
    /// <c>reduce</c> on a keyed stream gives every step.)
    /// </remarks>
    /// <example><code>var bytesEver = sizeByUser.RunningReduceByKey((a, b) => a + b);</code></example>
    /// <param name="stream">The pairs.</param>
    /// <param name="reduce">Two values made one; associative. Partitions call it at the same time from different
    /// threads. What it throws fails the batch, and all states are as before it.</param>
    /// <param name="initialState">Values to begin with. Of a key that comes twice the last one counts.</param>
    /// <param name="partitions">Partitions of the result, 1 to 1024; default the context's.</param>
    /// <exception cref="ArgumentException">Keys or values hold groups, or texts in classes or arrays: they end with
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
