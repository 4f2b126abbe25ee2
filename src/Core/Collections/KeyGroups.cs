using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>
/// A range of key groups. A key's group does not depend on the number of partitions; each partition owns a range of
/// groups, and so does a part of a checkpoint.
/// </summary>
/// <remarks>
/// The group is the upper bits of the partition hash. The idea is Flink's (FLINK-3755): keys move between partitions in
/// whole groups.
/// </remarks>
/// <param name="First">The first group.</param>
/// <param name="Length">Number of groups.</param>
internal readonly record struct KeyGroups(int First, int Length)
{
    /// <summary>The number of all groups; more partitions than that are of no use.</summary>
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

    /// <summary>The partition that owns all of these groups; null if several do.</summary>
    public int? OwnerAmong(int partitions)
    {
        int owner = First * partitions >> Bits;
        return Length > 0 && (First + Length - 1) * partitions >> Bits == owner ? owner : null;
    }

    // Rounded up: the first group for which group * partitions / Count equals the partition.
    private static int FirstOf(int partition, int partitions) => ((partition << Bits) + partitions - 1) / partitions;
}
