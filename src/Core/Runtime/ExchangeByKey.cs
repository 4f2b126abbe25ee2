namespace FastStream.Runtime;

/// <summary>Sends pairs to the partition that owns their key.</summary>
internal static class ExchangeByKeyExtensions
{
    /// <summary>The same pairs, each key in the partition of its hash.</summary>
    /// <exception cref="ArgumentException">No two keys of the type are ever equal.</exception>
    public static DStream<(TKey Key, TValue Value)> ExchangeByKey<TKey, TValue>(this DStream<(TKey Key, TValue Value)> stream,
        int partitions)
    {
        stream = stream.WithFitKeys();
        return stream.HasEachKeyInOnePartition(partitions)
            ? stream
            : NewExchangeByKey(stream, "ExchangeByKey", partitions);
    }

    /// <summary>
    /// As <see cref="ExchangeByKey"/>, but always returns a new stream, which moves no records where none need to move.
    /// </summary>
    public static DStream<(TKey Key, TValue Value)> NewExchangeByKey<TKey, TValue>(DStream<(TKey Key, TValue Value)> stream,
        string operatorName, int partitions) =>
        new ExchangeStream<(TKey Key, TValue Value)>(stream, operatorName, partitions,
            _ => HashPartitioner<TKey, TValue>.Instance, byKey: true);

    /// <summary>Whether keyed operators may follow without an exchange.</summary>
    public static bool HasEachKeyInOnePartition(this DStream stream, int partitions) =>
        stream.PartitionCount == partitions && (partitions == 1 || stream.IsPartitionedByKey);

    /// <summary>The requested number of partitions, or the context's.</summary>
    public static int PartitionsOr(this DStream stream, int? partitions)
    {
        int count = partitions ?? stream.Context.Options.Partitions;
        if (count is < 1 or > 1024)
        {
            throw Throw.OutOfRange(nameof(partitions), count, "1 to 1024 are expected, or nothing for the context's number");
        }

        return count;
    }
}

/// <summary>Sends each pair to the partition given by the hash of its key.</summary>
internal sealed class HashPartitioner<TKey, TValue> : IPartitioner<(TKey Key, TValue Value)>
{
    public static readonly HashPartitioner<TKey, TValue> Instance = new();

    /// <summary>The partitioner, where a stream is partitioned by key; else null.</summary>
    public static HashPartitioner<TKey, TValue>? Where(bool isPartitionedByKey) => isPartitionedByKey ? Instance : null;

    public bool IsByStableKey => PartitionHash.IsStable<TKey>();

    public void Targets(ReadOnlySpan<(TKey Key, TValue Value)> items, Span<int> targets, int partitions, in KeySalt salt)
    {
        for (int i = 0; i < items.Length; i++)
        {
            targets[i] = KeyGroups.PartitionOf(PartitionHash.Of(in items[i].Key, in salt), partitions);
        }
    }
}
