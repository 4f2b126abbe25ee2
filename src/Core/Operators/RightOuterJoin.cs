namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// For each key of the right stream in this batch, every right value with every left value, or with none if the
    /// left stream lacks the key.
    /// </summary>
    /// <example><code>ordered.RightOuterJoin(paid).Filter(x => !x.Value.Left.HasValue).Print();   // paid, but not ordered</code></example>
    /// <param name="stream">The left pairs.</param>
    /// <param name="other">The right pairs: same context, same slide.</param>
    /// <param name="partitions">Partitions of the result, 1 to 1024; default the number of both sides if they are
    /// partitioned by key alike, else the context's.</param>
    /// <exception cref="ArgumentException">The streams differ in context or slide.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="partitions"/> is out of its range.</exception>
    public static DStream<(TKey Key, (Optional<TLeft> Left, TRight Right) Value)> RightOuterJoin<TKey, TLeft, TRight>(
        this DStream<(TKey Key, TLeft Value)> stream, DStream<(TKey Key, TRight Value)> other, int? partitions = null) =>
        stream.JoinAs<TKey, TLeft, TRight, Optional<TLeft>, TRight, RightOuterJoinKind<TLeft, TRight>>(other, "RightOuterJoin", partitions);
}

internal readonly struct RightOuterJoinKind<TLeft, TRight> : IJoinKind<TLeft, TRight, Optional<TLeft>, TRight>
{
    public static bool KeepsLeft => false;

    public static bool KeepsRight => true;

    public static Optional<TLeft> Left(TLeft value) => new(value);

    public static TRight Right(TRight value) => value;
}
