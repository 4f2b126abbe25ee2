namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// For each key that either stream has in this batch, every left value with every right value; if one side lacks
    /// the key, the other side's values with none.
    /// </summary>
    /// <example><code>ordered.FullOuterJoin(paid).Filter(x => x.Value.Left != x.Value.Right).Print();</code></example>
    /// <param name="stream">The left pairs.</param>
    /// <param name="other">The right pairs: same context, same slide.</param>
    /// <param name="partitions">Partitions of the result, 1 to 1024; default the number of both sides if they are
    /// partitioned by key alike, else the context's.</param>
    /// <exception cref="ArgumentException">The streams differ in context or slide.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="partitions"/> is out of its range.</exception>
    public static DStream<(TKey Key, (Optional<TLeft> Left, Optional<TRight> Right) Value)> FullOuterJoin<TKey, TLeft, TRight>(
        this DStream<(TKey Key, TLeft Value)> stream, DStream<(TKey Key, TRight Value)> other, int? partitions = null) =>
        stream.JoinAs<TKey, TLeft, TRight, Optional<TLeft>, Optional<TRight>, FullOuterJoinKind<TLeft, TRight>>(other,
            "FullOuterJoin", partitions);
}

internal readonly struct FullOuterJoinKind<TLeft, TRight> : IJoinKind<TLeft, TRight, Optional<TLeft>, Optional<TRight>>
{
    public static bool KeepsLeft => true;

    public static bool KeepsRight => true;

    public static Optional<TLeft> Left(TLeft value) => new(value);

    public static Optional<TRight> Right(TRight value) => new(value);
}
