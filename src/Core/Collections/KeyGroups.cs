using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>
/// The groups that keys belong to, whatever the number of partitions: each partition owns a range of them, and so does
/// a part of a checkpoint.
/// </summary>
/// <remarks>The upper bits of the partition hash. The idea is Flink's (FLINK-3755): keys move between partitions in whole groups.</remarks>
/// <param name="First">The first group.</param>
/// <param name="Length">How many there are.</param>
internal readonly record struct KeyGroups(int First, int Length)
{
    /// <summary>All groups that there are; no more partitions than these are of use.</summary>
    public const int Count = 1 << Bits;

    private const int Bits = 10;

    /// <summary>The groups of a partition.</summary>
    public static KeyGroups Of(int partition, int partitions)
    {
        int first = FirstOf(partition, partitions);
        return new KeyGroups(first, FirstOf(partition + 1, partitions) - first);
    }

    /// <summary>The partition that owns a key with a hash.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PartitionOf(uint hash, int partitions) => (int)((hash >> (32 - Bits)) * (uint)partitions >> Bits);

    /// <summary>The partition that owns a group.</summary>
    /// <exception cref="InvalidDataException">There is no such group.</exception>
    public static int OwnerOf(int group, int partitions) =>
        group is >= 0 and < Count
            ? group * partitions >> Bits
                : throw new InvalidDataException($"A key group {group} was written; 0 to {Count - 1} are expected.");

    /// <summary>The partition that owns all of these groups; null where several do.</summary>
    public int? OwnerAmong(int partitions)
    {
        int owner = First * partitions >> Bits;
        return Length > 0 && (First + Length - 1) * partitions >> Bits == owner ? owner : null;
    }

    // Rounded up: the first group of which group * partitions / Count is the partition.
    private static int FirstOf(int partition, int partitions) => ((partition << Bits) + partitions - 1) / partitions;
}
