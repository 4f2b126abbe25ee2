namespace FastStream.Runtime;

/// <summary>All records in one partition, in the order of the partitions they were in.</summary>
internal static class GatherExtensions
{
    public static DStream<T> Gather<T>(this DStream<T> stream) =>
        stream.PartitionCount == 1 ? stream : new ExchangeStream<T>(stream, "Gather", 1, _ => SinglePartitioner<T>.Instance, byKey: false);

    private sealed class SinglePartitioner<T> : IPartitioner<T>
    {
        public static readonly SinglePartitioner<T> Instance = new();

        public void Targets(ReadOnlySpan<T> items, Span<int> targets, int partitions, in KeySalt salt) => targets.Clear();
    }
}
