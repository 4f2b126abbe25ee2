using System.Runtime.Intrinsics;

namespace FastStream.Tests.Core.Memory;

/// <summary>Both ways to hash spread keys evenly, in the bits that choose slots and in those that choose partitions.</summary>
public sealed class KeyHashTests
{
    [Theory]
    [InlineData(1L)]
    [InlineData(1L << 8)]
    [InlineData(1L << 16)]
    [InlineData(1L << 24)]
    [InlineData(1L << 32)]
    [InlineData(1L << 40)]
    [InlineData(1L << 46)]
    public void KeysInSteps_FillSlotsAndPartitionsEvenly(long step)
    {
        Even(key => WordHash.Fold((ulong)key, 0), step);
        Even(key => WordHash.Fold(0, (ulong)key), step);
        Even(key => WordHash.FoldByMultiplying((ulong)key, 0), step);
        Even(key => WordHash.FoldByMultiplying(0, (ulong)key), step);
    }

    /// <summary>Any two bytes of a key make as many hashes as they have values, but for the few that meet by chance.</summary>
    [Fact]
    public void TwoBytes_GiveAHashForEachOfTheirValues()
    {
        for (int first = 0; first < 16; first++)
        {
            for (int second = first + 1; second < 16; second++)
            {
                var hashes = new HashSet<uint>();
                for (int i = 0; i < 1 << 16; i++)
                {
                    hashes.Add(WordHash.Fold(Vector128<byte>.Zero.WithElement(first, (byte)i).WithElement(second, (byte)(i >> 8))));
                }

                // 2^32 / 2 pairs among 2^32 hashes: half a pair meets on average, and more than 12 once in 10^12.
                Assert.InRange(hashes.Count, (1 << 16) - 12, 1 << 16);
            }
        }
    }

    [Fact]
    public void Texts_HashAsTheirWords()
    {
        Utf8Text text = Utf8Text.Intern("10.200.30.4");
        Assert.Equal(text.Hash(), text.HashAsShort());
        Assert.NotEqual(text.Hash(), Utf8Text.Intern("10.200.30.5").Hash());
    }

    private static void Even(Func<long, uint> hash, long step)
    {
        const int Keys = 256 * 1024;
        const int Buckets = 1024;
        int[] slots = new int[Buckets];
        int[] partitions = new int[Buckets];
        for (long i = 0; i < Keys; i++)
        {
            uint value = hash(i * step);
            slots[value % Buckets]++;
            partitions[KeyGroups.PartitionOf(value, Buckets)]++;
        }

        // 256 a bucket, with a standard deviation of 16: seven of them are 112, once in 10^9 or less.
        Assert.All(slots.Concat(partitions), count => Assert.InRange(count, 256 - 112, 256 + 112));
    }
}
