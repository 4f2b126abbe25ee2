namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// For each key of the left stream in this batch, every left value with every right value, or with none if the
    /// right stream lacks the key.
    /// </summary>
    /// <example><code>ordered.LeftOuterJoin(paid).Filter(x => !x.Value.Right.HasValue).Print();   // not paid</code></example>
    /// <param name="stream">The left pairs.</param>
    /// <param name="other">The right pairs: same context, same slide.</param>
    /// <param name="partitions">Partitions of the result, 1 to 1024; default the number of both sides if they are
    /// partitioned by key alike, else the context's.</param>
    /// <exception cref="ArgumentException">The streams differ in context or slide.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="partitions"/> is out of its range.</exception>
    public static DStream<(TKey Key, (TLeft Left, Optional<TRight> Right) Value)> LeftOuterJoin<TKey, TLeft, TRight>(
        this DStream<(TKey Key, TLeft Value)> stream, DStream<(TKey Key, TRight Value)> other, int? partitions = null) =>
        stream.JoinAs<TKey, TLeft, TRight, TLeft, Optional<TRight>, LeftOuterJoinKind<TLeft, TRight>>(other, "LeftOuterJoin", partitions);
}

internal readonly struct LeftOuterJoinKind<TLeft, TRight> : IJoinKind<TLeft, TRight, TLeft, Optional<TRight>>
{
    public static bool KeepsLeft => true;

    public static bool KeepsRight => false;

    public static TLeft Left(TLeft value) => value;

    public static Optional<TRight> Right(TRight value) => new(value);
}
