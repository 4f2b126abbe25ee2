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

    /// <summary>The same records in the partitions that a partitioner of the caller's own names.</summary>
    /// <remarks>
    /// Records of one sending partition keep their order, and those of sender 0 come before those of sender 1, so that the same
    /// batch always gives the same order. A target out of its range fails the
    /// batch. Where a partitioner with <see cref="IPartitioner{T}.IsByStableKey"/> finds the records partitioned by key already,
    /// nothing is moved.
    /// </remarks>
    /// <example><code>var byShop = orders.PartitionBy(_ => new ByShop(), partitions: 8);</code></example>
    /// <param name="stream">The records.</param>
    /// <param name="partitioner">Makes the partitioner of each sending partition; it gets the sender's number, from 0.</param>
    /// <param name="partitions">Partitions of the result, 1 to 1024; default the context's.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="partitions"/> is out of its range.</exception>
    public static DStream<T> PartitionBy<T>(this DStream<T> stream, Func<int, IPartitioner<T>> partitioner, int? partitions = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(partitioner);
        bool isByKey = partitioner(0).IsByStableKey;
        return new ExchangeStream<T>(stream, "PartitionBy", stream.PartitionsOr(partitions),
            sender => new CheckedRoute<T>(partitioner(sender)), isByKey);
    }
}

/// <summary>Partitioners that are in the box.</summary>
public static class Partitioners
{
    /// <summary>Sends each pair to the partition of its key's group, as <c>PartitionBy</c> and keyed operators do: what a
    /// stream of pairs says as its <see cref="DStream{T}.Partitioner"/>.</summary>
    /// <typeparam name="TKey">The key.</typeparam>
    /// <typeparam name="TValue">The value.</typeparam>
    public static IPartitioner<(TKey Key, TValue Value)> Hash<TKey, TValue>() => HashPartitioner<TKey, TValue>.Instance;
}

/// <summary>A partitioner of a user's, whose targets are looked at: one outside would be somebody else's array.</summary>
internal sealed class CheckedRoute<T>(IPartitioner<T> checkedRoute) : IPartitioner<T>
{
    public bool IsByStableKey => checkedRoute.IsByStableKey;

    public void Targets(ReadOnlySpan<T> items, Span<int> targets, int partitions, in KeySalt salt)
    {
        targets.Fill(-1);
        checkedRoute.Targets(items, targets, partitions, in salt);
        foreach (int target in targets)
        {
            if ((uint)target >= (uint)partitions)
            {
                throw new InvalidOperationException(
                    $"{checkedRoute.GetType().Name} gave the partition {target} for a record; 0 to {partitions - 1} "
                        + "are expected. Its Targets must fill every place of the span.");
            }
        }
    }

    public void EndBatch() => checkedRoute.EndBatch();
}
