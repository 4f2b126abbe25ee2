namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// The same pairs, with all pairs of a key in one partition. Downstream keyed operators with the same number of
    /// partitions need no further exchange. Pairs that are already partitioned like this are not moved.
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

    /// <summary>The same records, in the partitions that the caller's own partitioner chooses.</summary>
    /// <remarks>
    /// Records of one sending partition keep their order, and those of sender 0 come before those of sender 1, so that
    /// the same batch always gives the same order. A target out of its range fails the batch. If the records are
    /// already partitioned by key, and the partitioner has <see cref="IPartitioner{T}.IsByStableKey"/>, nothing is
    /// moved.
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
            sender => new CheckedPartitioner<T>(partitioner(sender)), isByKey);
    }
}

/// <summary>The built-in partitioners.</summary>
public static class Partitioners
{
    /// <summary>
    /// Sends each pair to the partition that owns its key's group, as <c>PartitionBy</c> and keyed operators do: the
    /// <see cref="DStream{T}.Partitioner"/> of a stream of pairs that are in these partitions.
    /// </summary>
    /// <typeparam name="TKey">The key.</typeparam>
    /// <typeparam name="TValue">The value.</typeparam>
    public static IPartitioner<(TKey Key, TValue Value)> Hash<TKey, TValue>() => HashPartitioner<TKey, TValue>.Instance;
}

/// <summary>Checks the targets of a user's partitioner: one out of range would address another array.</summary>
internal sealed class CheckedPartitioner<T>(IPartitioner<T> inner) : IPartitioner<T>
{
    public bool IsByStableKey => inner.IsByStableKey;

    public void Targets(ReadOnlySpan<T> items, Span<int> targets, int partitions, in KeySalt salt)
    {
        targets.Fill(-1);
        inner.Targets(items, targets, partitions, in salt);
        foreach (int target in targets)
        {
            if ((uint)target >= (uint)partitions)
            {
                throw new InvalidOperationException(
                    $"{inner.GetType().Name} gave the partition {target} for a record; 0 to {partitions - 1} "
                        + "are expected. Its Targets must fill every place of the span.");
            }
        }
    }

    public void EndBatch() => inner.EndBatch();
}
