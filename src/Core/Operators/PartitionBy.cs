namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// The same pairs, all pairs of a key in one partition. Keyed operators behind it that ask for the same number of
    /// partitions exchange nothing again. Where the pairs lie that way already, nothing is moved.
    /// </summary>
    /// <example><code>
    /// var users = events.KeyBy(e => e.User).PartitionBy();
    /// users.GroupByKey(); users.ReduceByKey(Latest);      // one exchange for both
    /// </code></example>
    /// <param name="stream">The pairs.</param>
    /// <param name="partitions">Partitions of the result, 1 to 1024; default the context's.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="partitions"/> is out of its range.</exception>
    public static DStream<(TKey Key, TValue Value)> PartitionBy<TKey, TValue>(this DStream<(TKey Key, TValue Value)> stream,
        int? partitions = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return ExchangeByKeyExtensions.NewExchangeByKey(stream.WithFitKeys(), "PartitionBy", stream.PartitionsOr(partitions));
    }
}
